"""What a traveller takes along: the ticket as a document, its code, and an entry for the calendar."""
