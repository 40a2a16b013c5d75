"""The smallest message without patient data that fails in the same way as a given one."""
