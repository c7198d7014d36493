module example.org/orders

go 1.22

require mecha.dev/mecha v0.1.0

// As every program names it until the module is published.
replace mecha.dev/mecha => ../../../bindings/go
