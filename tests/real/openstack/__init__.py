"""Keystone, Placement, Glance, Neutron, Nova, Cinder and Swift as real processes on one small machine."""
