"""Tests on real QEMU guests, on libvirt hosts in namespaces of their own."""
