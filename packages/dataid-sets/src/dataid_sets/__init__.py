"""Lists of Butler data IDs, for inclusion and exclusion."""

from ._file import DataIdFileError, DataIdProblem, DataIdRows, parse_data_ids, read_data_id_file

__all__ = ("DataIdFileError", "DataIdProblem", "DataIdRows", "parse_data_ids", "read_data_id_file")
