module example.org/orders

go 1.22

require mecha.dev/mecha v0.1.0

// In this repository; a program elsewhere has no such line.
replace mecha.dev/mecha => ../../../bindings/go
