"""The REST interface: routes, who may call them, and how errors look. Handlers parse, make one service call, and answer."""
