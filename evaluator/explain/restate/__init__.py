"""Writers that change a fact in the document of a report; each format has its own writer."""
