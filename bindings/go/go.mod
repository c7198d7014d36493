module mecha.dev/mecha

go 1.22
