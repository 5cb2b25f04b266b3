"""Every sentence that the product says to a person, as functions of domain objects."""
