"""Who may do what: every address of the service, tried by everybody, with the answer that each of them should get."""
