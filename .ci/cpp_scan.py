# SPDX-License-Identifier: Apache-2.0
"""A pragmatic reader of C and C++ text: it finds functions, their parameters and their nesting.

It counts braces; it is not a compiler. Macros are read as they are written.
"""
import bisect
import dataclasses
import re

LITERAL_OR_COMMENT = re.compile(
    r'//(?:[^\n\\]|\\.|\\\n)*'
    r'|/\*.*?\*/'
    r'|(?:\b(?:u8|[uUL])?R)"(?P<mark>[^\s()\\]{0,16})\(.*?\)(?P=mark)"'
    r'|"(?:[^"\\\n]|\\.|\\\n)*"'
    r"|(?<![0-9a-fA-F])'(?:[^'\\\n]|\\.)+'", re.DOTALL)
NOT_NEWLINE = re.compile(r"[^\n]")
DIRECTIVE = re.compile(r"^[ \t]*#(?:[^\n\\]|\\.|\\\n)*", re.MULTILINE)
TOKEN = re.compile(r"[A-Za-z_]\w*|::|->|&&|\d[\w.']*|\S")
CONTROL = {"if", "for", "while", "switch", "catch"}
TYPES = {"class", "struct", "union", "enum"}
QUALIFIERS = {"const", "noexcept", "override", "final", "mutable", "&", "&&", "volatile"}
COROUTINE = {"co_await", "co_return", "co_yield"}


@dataclasses.dataclass
class Function:
    """One function or lambda with a body."""
    name: str
    line: int
    lines: int
    parameters: str
    nesting: int
    captures: str = ""
    is_lambda: bool = False
    is_coroutine: bool = False


@dataclasses.dataclass
class Type:
    """One class, struct, union or enum with a body."""
    keyword: str
    name: str
    line: int
    is_nested: bool


@dataclasses.dataclass
class Scope:
    """An open brace."""
    kind: str  # namespace, type, function, block, values
    head: list
    function: Function = None
    depth: int = 0
    first_line: int = 0


def blank(match):
    """The matched text as spaces; a string keeps its quotes, so that it stays a token."""
    text = match.group(0)
    spaces = NOT_NEWLINE.sub(" ", text)
    if text[0] == "/":
        return spaces
    return '"' + spaces[1:-1] + '"'


def code_only(text):
    """`text` without comments and contents of literals; every line and column stays in place."""
    return LITERAL_OR_COMMENT.sub(blank, text)


def without_directives(code):
    """`code` without preprocessor lines and without #else branches, so that braces balance."""
    out, position, branches = [], 0, []
    for match in DIRECTIVE.finditer(code):
        part = code[position:match.start()]
        out.append(NOT_NEWLINE.sub(" ", part) if any(branches) else part)
        out.append(NOT_NEWLINE.sub(" ", match.group(0)))
        position = match.end()
        word = re.match(r"[ \t]*#[ \t]*(\w*)", match.group(0)).group(1)
        if word in ("if", "ifdef", "ifndef"):
            branches.append(False)
        elif word in ("else", "elif") and branches:
            branches[-1] = True
        elif word == "endif" and branches:
            branches.pop()
    out.append(code[position:])
    return "".join(out)


def split_parameters(text):
    """The parameters in `text`, which stands between the parentheses."""
    parts, depth, start = [], 0, 0
    for index, char in enumerate(text):
        if char in "(<[{":
            depth += 1
        elif char in ")]}" or (char == ">" and text[index - 1:index] not in ("-", "=")):
            depth -= 1
        elif char == "," and depth == 0:
            parts.append(text[start:index])
            start = index + 1
    parts.append(text[start:])
    parts = [part.strip() for part in parts]
    return [] if parts in ([""], ["void"]) else parts


def opening(tokens, close):
    """The index of the bracket that `tokens[close]` closes, or -1."""
    depth = 0
    for index in range(close, -1, -1):
        if tokens[index][0] in ")]":
            depth += 1
        elif tokens[index][0] in "([":
            depth -= 1
            if depth == 0:
                return index
    return -1


def without_template(head):
    """`head` without leading template<...> and attributes."""
    while head and head[0][0] == "template":
        depth = 0
        for index, (text, _) in enumerate(head):
            depth += (text == "<") - (text == ">")
            if text == ">" and depth == 0:
                head = head[index + 1:]
                break
        else:
            return head
    return head


def lambda_at(head):
    """(index of its `[`, index of its `(` or -1) when `head` ends in a lambda's front."""
    index = len(head) - 1
    saw_arrow = False
    while index >= 0 and head[index][0] not in (")", "]"):
        text = head[index][0]
        saw_arrow = saw_arrow or text == "->"
        if text in ";{}=(,?" or (text in QUALIFIERS and saw_arrow and text == "mutable"):
            return None
        index -= 1
    if index < 0:
        return None
    if head[index][0] == "]":
        bracket, parenthesis = opening(head, index), -1
    else:
        parenthesis = opening(head, index)
        if parenthesis < 1 or head[parenthesis - 1][0] != "]":
            return None
        bracket = opening(head, parenthesis - 1)
    if bracket < 0:
        return None
    before = head[bracket - 1][0] if bracket else ""
    is_index = re.fullmatch(r"\w+|[\])]", before) and before not in ("return", "co_return")
    return None if is_index else (bracket, parenthesis)


class Reader:
    """Reads one file; the results are in `functions` and `types`."""

    def __init__(self, text):
        self.functions, self.types = [], []
        self.code = code_only(text)
        self.source = without_directives(self.code)
        self.starts = [0] + [match.end() for match in re.finditer("\n", self.source)]
        self.scopes = [Scope("namespace", [])]
        self.head = []
        self.parentheses = [0]
        self.read()

    def line(self, position):
        return bisect.bisect_right(self.starts, position)

    def read(self):
        for match in TOKEN.finditer(self.source):
            text = match.group(0)
            if text == "{":
                self.open(match.start())
            elif text == "}":
                self.close(match.start())
            elif text == ";" and self.parentheses[-1] == 0:
                self.head = []
            else:
                self.parentheses[-1] += (text == "(") - (text == ")")
                self.note(text)
                self.head.append((text, match.start()))

    def note(self, text):
        """Case labels and access labels end a head; coroutine words mark their function."""
        if text == ":" and self.head and (self.head[0][0] in ("case", "default") or
                                          self.head[-1][0] in ("public", "private", "protected")):
            self.head = []
            self.head.append((";", 0))
        if text in COROUTINE and self.scopes[-1].function:
            self.scopes[-1].function.is_coroutine = True

    def open(self, position):
        head = [token for token in self.head if token[0] != ";"] if (
            self.head and self.head[0][0] == ";") else self.head
        scope = self.classify(head, position)
        scope.head = self.head
        self.scopes.append(scope)
        self.head = []
        self.parentheses.append(0)

    def close(self, position):
        if len(self.scopes) == 1:
            return
        scope = self.scopes.pop()
        self.parentheses.pop()
        ends_function = scope.kind == "function"
        if ends_function:
            scope.function.lines = self.line(position) - scope.first_line
            self.functions.append(scope.function)
        is_part = scope.kind == "values" or (ends_function and scope.function.is_lambda)
        self.head = scope.head + [("}", position)] if is_part else []

    def classify(self, head, position):
        outer = self.scopes[-1]
        front = lambda_at(head)
        if front is not None:
            return self.open_lambda(head, front, position)
        if self.parentheses[-1] > 0:
            return self.inside(outer, "values")
        words = [text for text, _ in without_template(head)]
        if "namespace" in words[:2] or (words[:1] == ["extern"] and len(words) < 4 and
                                        "(" not in words and words[-1][:1] == '"'):
            return Scope("namespace", [])
        if self.is_type(words):
            return self.open_type(words, position)
        if outer.function is None or outer.kind == "type":
            return self.open_function(head, words, position)
        return self.open_block(head, outer)

    @staticmethod
    def inside(outer, kind):
        return Scope(kind, [], outer.function, outer.depth)

    @staticmethod
    def is_type(words):
        words = words[1:] if words[:1] == ["typedef"] else words
        while words[:1] in (["static"], ["const"], ["constexpr"], ["inline"]):
            words = words[1:]
        if not words or words[0] not in TYPES:
            return False
        plain = re.sub(r"(alignas|__attribute__|MECHA_\w+) \( .*? \)", "", " ".join(words))
        return "(" not in plain and "=" not in plain

    def open_type(self, words, position):
        start = next(index for index, word in enumerate(words) if word in TYPES)
        rest = [word for word in words[start + 1:] if word not in TYPES]
        cut = rest.index(":") if ":" in rest else len(rest)
        names = [word for word in rest[:cut] if re.fullmatch(r"[A-Za-z_]\w*", word)
                 and word not in ("final", "alignas")]
        if names:
            is_nested = any(scope.kind != "namespace" for scope in self.scopes)
            self.types.append(Type(words[start], names[-1], self.line(position), is_nested))
        return Scope("type", [])

    def open_function(self, head, words, position):
        parenthesis = self.parameter_list(head)
        last = words[-1] if words else ""
        if parenthesis is None or last in ("=", ",", "return"):
            return Scope("values", [], self.scopes[-1].function)
        close = self.closing(head, parenthesis)
        after = [text for text, _ in head[close + 1:]]
        if ":" in after and "->" not in after and re.fullmatch(r"\w+|>", last) and (
                last not in QUALIFIERS):
            return Scope("values", [])  # a member's initialiser: `Name() : member_{`
        name = head[parenthesis - 1][0] if parenthesis else ""
        text = self.source[head[parenthesis][1] + 1:head[close][1]]
        return self.start(Function(name, self.line(head[0][1]), 0, text, 0), position)

    def start(self, function, position):
        return Scope("function", [], function, first_line=self.line(position))

    def open_lambda(self, head, front, position):
        bracket, parenthesis = front
        bracket_end = next(index for index in range(len(head) - 1, -1, -1)
                           if head[index][0] == "]" and opening(head, index) == bracket)
        captures = self.source[head[bracket][1] + 1:head[bracket_end][1]]
        parameters = ""
        if parenthesis >= 0:
            close = self.closing(head, parenthesis)
            parameters = self.source[head[parenthesis][1] + 1:head[close][1]]
        function = Function("lambda", self.line(head[bracket][1]), 0, parameters, 0,
                            captures.strip(), True)
        return self.start(function, position)

    def open_block(self, head, outer):
        last = head[-1][0] if head else ""
        is_block = last in ("", "else", "do", "try", ":", "constexpr")
        if last == ")":
            is_block = True
        if not is_block:
            return self.inside(outer, "values")
        scope = self.inside(outer, "block")
        scope.depth = outer.depth + 1
        outer.function.nesting = max(outer.function.nesting, scope.depth)
        return scope

    @staticmethod
    def closing(head, parenthesis):
        depth = 0
        for index in range(parenthesis, len(head)):
            depth += (head[index][0] == "(") - (head[index][0] == ")")
            if depth == 0:
                return index
        return len(head) - 1

    @staticmethod
    def parameter_list(head):
        """The index of the parenthesis that opens a function's parameters, or None."""
        angle = 0
        for index, (text, _) in enumerate(head):
            before = head[index - 1][0] if index else ""
            if text == "<" and re.fullmatch(r"[A-Za-z_]\w*", before) and before != "operator":
                angle += 1
            elif text == ">" and angle:
                angle -= 1
            elif text == "=" and angle == 0 and "operator" not in (before, head[index - 2][0]):
                return None
            elif text == "(" and angle == 0:
                if before == "operator" or before in ("alignas", "__attribute__", "explicit",
                                                      "noexcept", "decltype", "requires"):
                    continue
                return index
        return None
