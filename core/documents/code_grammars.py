"""The programming languages whose definitions are found, and what their grammars call them.

A grammar is loaded when the first file of its language is read.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from importlib import import_module

from tree_sitter import Language


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


@dataclass(frozen=True, slots=True)
class Grammar:
    """One language. All sets hold names of nodes as its grammar calls them.

    ``definitions`` are functions, types and the like; ``with_body`` those of them that only name one unless they have
    a body; ``closed`` those that hold no others. ``wrappers`` stand around a definition and belong to it ("export");
    ``prototypes`` are those of them that may declare a function without its body. ``containers`` may hold definitions
    without being one ("if"). ``holders`` give a name to a function that has none: with the field where it stands.
    """

    module: str
    function: str = "language"
    definitions: frozenset[str] = frozenset()
    with_body: frozenset[str] = frozenset()
    closed: frozenset[str] = frozenset()
    wrappers: frozenset[str] = frozenset()
    prototypes: frozenset[str] = frozenset()
    containers: frozenset[str] = frozenset()
    holders: tuple[tuple[str, str], ...] = ()


COMMENTS = _words("comment line_comment block_comment attribute_item decorator")
ANNOTATIONS = _words("decorator attribute_list marker_annotation annotation")
FUNCTIONS = _words("arrow_function function_expression generator_function function class")

_JAVASCRIPT_DEFINITIONS = (
    "function_declaration generator_function_declaration class_declaration method_definition class_static_block "
)
_JAVASCRIPT_HOLDERS = (
    ("variable_declarator", "value"),
    ("assignment_expression", "right"),
    ("pair", "value"),
    ("field_definition", "value"),
    ("public_field_definition", "value"),
)
_JAVASCRIPT_WRAPPERS = "export_statement lexical_declaration variable_declaration expression_statement"
_JAVASCRIPT_CONTAINERS = (
    "export_statement lexical_declaration variable_declaration variable_declarator expression_statement "
    "assignment_expression object pair if_statement else_clause statement_block try_statement return_statement"
)
_TYPESCRIPT = Grammar(
    "tree_sitter_typescript",
    "language_typescript",
    definitions=_words(
        _JAVASCRIPT_DEFINITIONS + "interface_declaration type_alias_declaration enum_declaration "
        "abstract_class_declaration function_signature abstract_method_signature method_signature internal_module "
        "module"
    ),
    wrappers=_words(_JAVASCRIPT_WRAPPERS + " ambient_declaration"),
    containers=_words(_JAVASCRIPT_CONTAINERS),
    holders=_JAVASCRIPT_HOLDERS,
)
_C_TYPES = "struct_specifier union_specifier enum_specifier"
_C_CONTAINERS = (
    "preproc_if preproc_ifdef preproc_else preproc_elif preproc_elifdef linkage_specification declaration_list"
)
_BASH = Grammar(
    "tree_sitter_bash",
    definitions=_words("function_definition"),
    closed=_words("function_definition"),
    containers=_words("if_statement else_clause elif_clause compound_statement"),
)
_JAVASCRIPT = Grammar(
    "tree_sitter_javascript",
    definitions=_words(_JAVASCRIPT_DEFINITIONS),
    wrappers=_words(_JAVASCRIPT_WRAPPERS),
    containers=_words(_JAVASCRIPT_CONTAINERS),
    holders=_JAVASCRIPT_HOLDERS,
)
_PYTHON = Grammar(
    "tree_sitter_python",
    definitions=_words("function_definition class_definition"),
    wrappers=_words("decorated_definition"),
    containers=_words(
        "if_statement else_clause elif_clause block try_statement except_clause finally_clause with_statement "
        "for_statement while_statement match_statement case_clause"
    ),
)
_CPP = Grammar(
    "tree_sitter_cpp",
    definitions=_words(f"function_definition namespace_definition class_specifier concept_definition {_C_TYPES}"),
    with_body=_words(f"class_specifier {_C_TYPES}"),
    closed=_words("function_definition enum_specifier"),
    wrappers=_words("template_declaration type_definition declaration field_declaration"),
    prototypes=_words("declaration field_declaration"),
    containers=_words(_C_CONTAINERS),
)
_GRAMMARS: dict[str, Grammar] = {
    ".py .pyi": _PYTHON,
    ".js .mjs .cjs .jsx": _JAVASCRIPT,
    ".ts": _TYPESCRIPT,
    ".tsx": Grammar(
        "tree_sitter_typescript",
        "language_tsx",
        definitions=_TYPESCRIPT.definitions,
        wrappers=_TYPESCRIPT.wrappers,
        containers=_TYPESCRIPT.containers,
        holders=_TYPESCRIPT.holders,
    ),
    ".java": Grammar(
        "tree_sitter_java",
        definitions=_words(
            "class_declaration interface_declaration enum_declaration record_declaration annotation_type_declaration "
            "method_declaration constructor_declaration compact_constructor_declaration static_initializer"
        ),
        closed=_words("method_declaration constructor_declaration compact_constructor_declaration static_initializer"),
        containers=_words("enum_body_declarations"),
    ),
    ".c": Grammar(
        "tree_sitter_c",
        definitions=_words(f"function_definition {_C_TYPES}"),
        with_body=_words(_C_TYPES),
        closed=_words("function_definition enum_specifier"),
        wrappers=_words("type_definition declaration"),
        prototypes=_words("declaration"),
        containers=_words(_C_CONTAINERS),
    ),
    ".cc .cpp .cxx .hpp .hh .h": _CPP,  # the grammar of C++ reads headers of C, too
    ".go": Grammar(
        "tree_sitter_go",
        definitions=_words("function_declaration method_declaration type_declaration"),
        closed=_words("function_declaration method_declaration"),
    ),
    ".rs": Grammar(
        "tree_sitter_rust",
        definitions=_words(
            "function_item impl_item struct_item enum_item trait_item mod_item macro_definition union_item "
            "function_signature_item foreign_mod_item"
        ),
    ),
    ".rb": Grammar(
        "tree_sitter_ruby",
        definitions=_words("module class method singleton_method singleton_class"),
        containers=_words("if unless begin"),
    ),
    ".cs": Grammar(
        "tree_sitter_c_sharp",
        definitions=_words(
            "namespace_declaration class_declaration struct_declaration interface_declaration record_declaration "
            "enum_declaration delegate_declaration method_declaration constructor_declaration destructor_declaration "
            "operator_declaration conversion_operator_declaration indexer_declaration property_declaration "
            "local_function_statement"
        ),
        containers=_words("preproc_if preproc_else preproc_elif"),
    ),
    ".php": Grammar(
        "tree_sitter_php",
        "language_php",
        definitions=_words(
            "class_declaration interface_declaration trait_declaration enum_declaration function_definition "
            "method_declaration namespace_definition"
        ),
        with_body=_words("namespace_definition"),
        containers=_words("if_statement compound_statement else_clause"),
    ),
    ".sh .bash": _BASH,
}
_BY_SUFFIX = {suffix: grammar for suffixes, grammar in _GRAMMARS.items() for suffix in suffixes.split()}


def grammar_of(suffix: str) -> Grammar | None:
    """The grammar for files of this suffix (lower case, with its dot); None where there is none."""
    return _BY_SUFFIX.get(suffix)


@cache
def language(module: str, function: str) -> Language:
    """The language itself, loaded now."""
    return Language(getattr(import_module(module), function)())
