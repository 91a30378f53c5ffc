// Reads attributes of Python's objects.
#pragma once

#include <nanobind/nanobind.h>

#include <cstdint>

namespace tmpass {

inline constexpr std::int64_t kMaxObjectBytes = std::int64_t{1} << 62;
inline constexpr std::int64_t kMaxObjectAlignment = std::int64_t{1} << 31;

// An attribute by its name, which is interned once for many objects. Raises AttributeError where there is none.
class Field {
  public:
    explicit Field(const char* name) : name_(nanobind::steal(PyUnicode_InternFromString(name))) {}

    nanobind::object of(nanobind::handle object) const {
        nanobind::object value = nanobind::steal(PyObject_GetAttr(object.ptr(), name_.ptr()));
        if (!value.is_valid()) throw nanobind::python_error();
        return value;
    }

    std::int64_t number_of(nanobind::handle object) const { return to_number(of(object)); }

    // Raises TypeError for what is not a whole number, OverflowError for more than 64 bits.
    static std::int64_t to_number(nanobind::handle value) {
        const long long number = PyLong_AsLongLong(value.ptr());
        if (number == -1 && PyErr_Occurred() != nullptr) throw nanobind::python_error();
        return number;
    }

  private:
    const nanobind::object name_;
};

}  // namespace tmpass
