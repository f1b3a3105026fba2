"""What can be done, in the words of the domain. Services use stores; they neither commit nor know of HTTP."""
