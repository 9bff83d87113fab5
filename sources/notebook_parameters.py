"""The parameters that papermill hands to a notebook, checked against those that the notebook has.

Papermill writes them into a cell of their own behind the cell of parameters, and only warns of a name that the notebook
does not have: the notebook would run with the values that it came with.
"""

import ast
import difflib

KINDS = {"str": (str, "text"), "int": (int, "a whole number"), "float": ((float, int), "a number"),
         "bool": (bool, "True or False")}
"""The types of parameters: what a value may be, and how it is called."""


def check_parameters():
    """Refuse parameters that the notebook does not have, and values of another type; for the cell behind them.

    Outside IPython it does nothing.

    Raises
    ------
    ValueError
        The message names each such parameter, and the nearest name that the notebook has.
    """
    import IPython
    shell = IPython.get_ipython()
    if shell is None:
        return
    found = faults(shell.user_ns.get("In", []), shell.user_ns)
    if found:
        raise ValueError("; ".join(found))


def faults(cells, values):
    """What is wrong with the parameters of a notebook.

    Parameters
    ----------
    cells : sequence of str
        The cells that ran, in order, as in IPython's `In`. The last one of typed assignments holds the notebook's
        parameters; those behind it that begin with ``# Parameters`` were written by papermill.
    values : dict of str to object
        The values of all names.

    Returns
    -------
    list of str
        A sentence for each fault.

    Examples
    --------
    >>> cells = ["SOURCE: str = 'sample'  # a folder", "# Parameters\\nSOURC = 'my songs'"]
    >>> faults(cells, {"SOURCE": "sample"})
    ['there is no parameter SOURC: did you mean SOURCE? (the notebook has SOURCE)']
    """
    number, types = next(((number, types) for number in reversed(range(len(cells)))
                          if (types := _declared(cells[number]))), (len(cells), {}))
    handed = [name for cell in cells[number + 1:] if cell.lstrip().startswith("# Parameters")
              for name in _assigned(cell)]
    found = []
    for name in dict.fromkeys(handed):
        if name not in types:
            similar = difflib.get_close_matches(name.upper(), types, n=1, cutoff=.5)
            hint = f": did you mean {similar[0]}?" if similar else ""
            found.append(f"there is no parameter {name}{hint} (the notebook has {', '.join(types)})")
    for name, kind in types.items():
        allowed, words = KINDS.get(kind, (object, ""))
        value = values.get(name)
        if name in values and (not isinstance(value, allowed) or isinstance(value, bool) and kind != "bool"):
            found.append(f"{name} must be {words}, not {value!r}: {_advice(kind, name)}")
    return found


def _advice(kind, name):
    option = f"-r {name} ..." if kind == "str" else f"-p {name} ..."
    return f"papermill takes it as {option}"


def _declared(cell):
    """The types by name, of a cell that holds only assignments such as ``NAME: type = value``; else none."""
    body = _parsed(cell)
    typed = [line for line in body if isinstance(line, ast.AnnAssign) and isinstance(line.target, ast.Name)
             and line.target.id.isupper() and isinstance(line.annotation, ast.Name)]
    return {line.target.id: line.annotation.id for line in typed} if len(typed) == len(body) else {}


def _assigned(cell):
    """The names that a cell sets."""
    targets = [target for line in _parsed(cell) if isinstance(line, ast.Assign) for target in line.targets]
    return [target.id for target in targets if isinstance(target, ast.Name)]


def _parsed(cell):
    try:
        return ast.parse(cell).body
    except SyntaxError:  # such as a cell of a user with a line that starts with % or !
        return []
