"""What a person does on the ops page: waiting messages, pauses, many dead letters at once, the content of one."""
