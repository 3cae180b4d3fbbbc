"""The deployment playbook on small Debian machines: systemd as first process of its namespaces, reached by SSH."""
