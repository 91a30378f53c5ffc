// Bindings of flatbuffer/.
#include <memory>
#include <optional>
#include <string_view>

#include "bindings/kernel_call.hpp"
#include "flatbuffer/table.hpp"

namespace nb = nanobind;
using namespace nb::literals;

namespace tmpass::bindings {
namespace {

using flatbuffer::Entries;
using flatbuffer::Fault;
using flatbuffer::Source;

constexpr std::string_view kLayouts = "?bBiIqQ";  // as the module struct has them

struct Field {
    unsigned number;
    std::string name;
};

// `layout` is one of kLayouts.
struct Scalar {
    unsigned number;
    std::string name;
    nb::object code;
    char layout;
    unsigned width;
};

// A file that lives as long as one of its tables.
struct File {
    explicit File(nb::bytes data)
        : bytes(std::move(data)), source({reinterpret_cast<const std::uint8_t*>(bytes.c_str()), bytes.size()}) {}

    nb::bytes bytes;
    Source source;
};

// A table with what identifies it in errors. The owner is a table as well, or None.
struct NamedTable {
    std::shared_ptr<File> file;
    nb::str kind;
    std::optional<std::uint64_t> index;
    nb::object owner;
    std::optional<flatbuffer::Table> table;  // none until its vtable is read

    const NamedTable* above() const { return owner.is_none() ? nullptr : nb::inst_ptr<NamedTable>(owner); }

    std::string where() const {
        std::string name = kind.c_str();
        if (index) name += " " + std::to_string(*index);
        return above() != nullptr && above()->above() != nullptr ? name + " of " + above()->where() : name;
    }
};

[[noreturn]] void raise_error(const NamedTable& table, const Fault& fault) {
    const nb::object kind = nb::module_::import_("tmpass.base.errors").attr("ModelError");
    const char* hint =
        fault.shared() ? "the file is damaged, or made to exhaust its reader" : "the file is truncated or damaged";
    const nb::object error = kind(fault.what(), "where"_a = table.where(), "hint"_a = hint);
    PyErr_SetObject(kind.ptr(), error.ptr());
    throw nb::python_error();
}

// What `read` returns; a fault of the bytes becomes a ModelError that names the table.
template <typename Read>
auto checked(const NamedTable& table, Read read) {
    try {
        return read();
    } catch (const Fault& fault) {
        raise_error(table, fault);
    }
}

void enter(NamedTable& made, std::uint64_t position) {
    checked(made, [&] { made.table.emplace(made.file->source, position); });
}

nb::object child(nb::handle owner, std::uint64_t position, nb::str kind, std::optional<std::uint64_t> index) {
    const auto& above = *nb::inst_ptr<NamedTable>(owner);
    NamedTable made{above.file, std::move(kind), index, nb::borrow(owner), std::nullopt};
    enter(made, position);
    return nb::cast(std::move(made));
}

// An iterator over the tables of a vector.
struct Tables {
    nb::object owner;
    std::string name;
    nb::str kind;
    Entries entries;
    std::uint64_t next = 0;
};

std::span<const std::uint8_t> counted(const NamedTable& self, const Field& field, std::uint64_t width) {
    return checked(self, [&] {
        const Entries entries = self.table->entries(field.number, field.name, width);
        self.file->source.count_bytes(width * entries.length);
        return self.file->source.part(entries.start, width * entries.length);
    });
}

const char* characters(std::span<const std::uint8_t> bytes) { return reinterpret_cast<const char*>(bytes.data()); }

nb::object scalar(const NamedTable& self, const Scalar& field) {
    const std::uint64_t at = checked(self, [&] { return self.table->scalar(field.number, field.name, field.width); });
    if (at == 0) return nb::int_(0);
    const Source& source = self.file->source;
    switch (field.layout) {
        case '?':
            return nb::bool_(source.number<std::uint8_t>(at) != 0);
        case 'b':
            return nb::int_(source.number<std::int8_t>(at));
        case 'B':
            return nb::int_(source.number<std::uint8_t>(at));
        case 'i':
            return nb::int_(source.number<std::int32_t>(at));
        case 'I':
            return nb::int_(source.number<std::uint32_t>(at));
        case 'q':
            return nb::int_(source.number<std::int64_t>(at));
        default:
            return nb::int_(source.number<std::uint64_t>(at));
    }
}

nb::object integers(const NamedTable& self, const Field& field) {
    if (!self.table->has(field.number)) return nb::none();
    const std::span<const std::uint8_t> bytes = counted(self, field, 4);
    const auto start = static_cast<std::uint64_t>(bytes.data() - self.file->source.part(0, 0).data());
    nb::object made = nb::steal(PyTuple_New(static_cast<Py_ssize_t>(bytes.size() / 4)));
    if (!made.is_valid()) throw nb::python_error();
    for (std::uint64_t entry = 0; entry < bytes.size() / 4; ++entry) {
        PyObject* number = PyLong_FromLong(self.file->source.number<std::int32_t>(start + 4 * entry));
        if (number == nullptr || PyTuple_SetItem(made.ptr(), static_cast<Py_ssize_t>(entry), number) != 0)
            throw nb::python_error();
    }
    return made;
}

nb::object text(const NamedTable& self, const Field& field) {
    if (!self.table->has(field.number)) return nb::none();
    const std::span<const std::uint8_t> bytes = counted(self, field, 1);
    const auto length = static_cast<Py_ssize_t>(bytes.size());
    nb::object made = nb::steal(PyUnicode_DecodeUTF8(characters(bytes), length, "backslashreplace"));
    if (!made.is_valid()) throw nb::python_error();
    return made;
}

nb::list raw_fields(const NamedTable& self) {
    nb::list found;
    for (const flatbuffer::RawField& field : checked(self, [&] { return self.table->raw_fields(); }))
        found.append(nb::make_tuple(field.number,
                                    nb::bytes(characters(self.file->source.part(field.at, field.width)), field.width)));
    return found;
}

// The table that `self` holds. Python can make an instance without calling __init__.
const NamedTable& held(nb::handle_t<NamedTable> self) {
    if (!nb::inst_ready(self)) throw nb::type_error("the table was never read");
    return *nb::inst_ptr<NamedTable>(self);
}

nb::object table_in(nb::handle_t<NamedTable> self, const Field& field, nb::str kind) {
    const NamedTable& owner = held(self);
    const std::uint64_t at = checked(owner, [&] { return owner.table->target(field.number, field.name); });
    return at == 0 ? nb::none() : child(self, at, std::move(kind), std::nullopt);
}

Tables tables_in(nb::handle_t<NamedTable> self, const Field& field, nb::str kind) {
    const NamedTable& owner = held(self);
    counted(owner, field, 4);
    return {nb::borrow(self), field.name, std::move(kind), owner.table->entries(field.number, field.name, 4)};
}

nb::object next_table(Tables& tables) {
    if (tables.next == tables.entries.length) throw nb::stop_iteration();
    const auto& owner = *nb::inst_ptr<NamedTable>(tables.owner);
    const std::uint64_t index = tables.next++;
    const std::uint64_t at = checked(owner, [&] { return owner.table->entry(tables.name, tables.entries, index); });
    return child(tables.owner, at, tables.kind, index);
}

void bind_fields(nb::module_& m) {
    nb::class_<Field>(m, "FlatField", "A field of a table that is an offset: to a string, a vector or a table.")
        .def(nb::init<unsigned, std::string>(), "number"_a, "name"_a)
        .def_ro("number", &Field::number)
        .def_ro("name", &Field::name);
    nb::class_<Scalar>(m, "FlatScalar", "A field of a flatbuffer's table that is a number; 0 if it is absent.")
        .def(
            "__init__",
            [](Scalar* made, unsigned number, std::string name, nb::object code) {
                const auto format = nb::cast<std::string>(code.attr("format"));
                if (format.size() != 2 || format[0] != '<' || kLayouts.find(format[1]) == kLayouts.npos)
                    throw std::invalid_argument("the layout is not known: " + format);
                const auto width = nb::cast<unsigned>(code.attr("size"));
                new (made) Scalar{number, std::move(name), std::move(code), format[1], width};
            },
            "number"_a, "name"_a, "code"_a,
            nb::sig("def __init__(self, number: int, name: str, code: struct.Struct) -> None"),
            "Keep a field.\n\n"
            "Args:\n"
            "    number: Of the field in its table.\n"
            "    name: In errors.\n"
            "    code: The layout of one number, little-endian, as the module struct has it.\n\n"
            "Raises:\n"
            "    ValueError: The layout is another one.")
        .def_ro("number", &Scalar::number)
        .def_ro("name", &Scalar::name)
        .def_ro("code", &Scalar::code, nb::for_getter(nb::sig("def code(self, /) -> struct.Struct")));
}

void bind_reading(nb::class_<NamedTable>& table) {
    table
        .def("scalar", &scalar, "field"_a, nb::sig("def scalar(self, field: FlatScalar) -> int"),
             "Return the number in a field, 0 if it is absent.")
        .def("integers", &integers, "field"_a,
             nb::sig("def integers(self, field: FlatField) -> tuple[int, ...] | None"),
             "Return the entries of a vector of 32-bit integers, None if it is absent.")
        .def(
            "vector",
            [](const NamedTable& self, const Field& field, std::uint32_t width) {
                const std::span<const std::uint8_t> bytes = counted(self, field, width);
                return nb::bytes(characters(bytes), bytes.size());
            },
            "field"_a, "width"_a, "Return the bytes of a vector of entries of `width` bytes, none if it is absent.")
        .def("string", &text, "field"_a, nb::sig("def string(self, field: FlatField) -> str | None"),
             "Return the text in a field, None if it is absent; bytes that are not UTF-8 become escapes.")
        .def("tables", &tables_in, "field"_a, "kind"_a,
             nb::sig("def tables(self, field: FlatField, kind: str) -> collections.abc.Iterator[FlatTable]"),
             "Return an iterator over the tables of a vector, none if it is absent; `kind` names them in errors.")
        .def("table", &table_in, "field"_a, "kind"_a,
             nb::sig("def table(self, field: FlatField, kind: str) -> FlatTable | None"),
             "Return the table in a field, None if it is absent.")
        .def(
            "span",
            [](const NamedTable& self, const Field& field, std::uint32_t width) {
                const Entries found =
                    checked(self, [&] { return self.table->entries(field.number, field.name, width); });
                return nb::make_tuple(found.start, found.length);
            },
            "field"_a, "width"_a = 1, nb::sig("def span(self, field: FlatField, width: int = 1) -> tuple[int, int]"),
            "Return the first byte and the number of entries of a vector; (0, 0) if it is absent.")
        .def(
            "target",
            [](const NamedTable& self, const Field& field) {
                return checked(self, [&] { return self.table->target(field.number, field.name); });
            },
            "field"_a,
            "Return the first byte of the object in a field, 0 if it is absent; its first 4 bytes are in the file.")
        .def("raw_fields", &raw_fields, nb::sig("def raw_fields(self) -> list[tuple[int, bytes]]"),
             "Return the number and the bytes of each field that is present.\n\n"
             "A field ends where the next one begins, and is padded there: the bytes are at least its own. Their\n"
             "number is 1, 2, 4 or 8.");
}

}  // namespace

void bind_flatbuffer(nb::module_& m) {
    m.attr("FLAT_FIELD_LIMIT") = flatbuffer::kFieldLimit;
    bind_fields(m);
    nb::class_<Tables>(m, "FlatTables", "An iterator over the tables of a vector.")
        .def(
            "__iter__", [](nb::handle self) { return nb::borrow(self); },
            nb::sig("def __iter__(self) -> collections.abc.Iterator[FlatTable]"))
        .def("__next__", &next_table, nb::sig("def __next__(self) -> FlatTable"));
    nb::class_<NamedTable> table(m, "FlatTable",
                                 "A table of a flatbuffer that may be damaged or hostile: every offset is checked.");
    table
        .def(
            "__init__",
            [](NamedTable* made, nb::bytes data, std::uint64_t position, nb::str kind) {
                if (data.size() < 4 || position > data.size() - 4)
                    throw std::invalid_argument("the table is outside the bytes");
                NamedTable root{std::make_shared<File>(std::move(data)), std::move(kind), {}, nb::none(), {}};
                enter(root, position);
                new (made) NamedTable(std::move(root));
            },
            "data"_a, "position"_a, "kind"_a,
            "Read the root table. All methods of it and of the tables in it raise ModelError for what is damaged.\n\n"
            "Args:\n"
            "    data: The bytes of the file.\n"
            "    position: Of the table in them.\n"
            "    kind: Its name in errors.\n\n"
            "Raises:\n"
            "    ModelError: Its vtable is outside the file.\n"
            "    ValueError: The table itself is outside the file.")
        .def_prop_ro("where", &NamedTable::where, "The name of the table in errors, such as 'tensor 5 of subgraph 0'.")
        .def_prop_ro(
            "index", [](const NamedTable& self) { return self.index ? nb::int_(*self.index) : nb::object(nb::none()); },
            nb::for_getter(nb::sig("def index(self, /) -> int | None")), "Its place in a vector of tables.")
        .def_prop_ro(
            "position", [](const NamedTable& self) { return self.table->position(); },
            "The byte of the file at which it begins.")
        .def(
            "has", [](const NamedTable& self, const Field& field) { return self.table->has(field.number); }, "field"_a)
        .def(
            "has", [](const NamedTable& self, const Scalar& field) { return self.table->has(field.number); }, "field"_a,
            "Return whether a field is present.")
        .def(
            "place", [](const NamedTable& self, const Scalar& field) { return self.table->place(field.number); },
            "field"_a, "Return the byte of the file at which a field begins, which must be present.")
        .def(
            "fields_above", [](const NamedTable& self, std::uint32_t count) { return self.table->fields_above(count); },
            "count"_a, "Return whether the table has a field with number `count` or above.");
    bind_reading(table);
}

}  // namespace tmpass::bindings
