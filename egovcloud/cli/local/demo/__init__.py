"""The demo city: a simulated centre with a year behind it, made from a seed and a day, without a hypervisor or root.

Everything here is rows as plain values: the faces may not touch the database, so that ``egovcloud.app`` pours them.
"""
