/* SPDX-License-Identifier: Apache-2.0 */
/* Between Python's texts, bytes and seconds and the library's views and nanoseconds. */
#include <math.h>
#include <string.h>

#include "binding.h"

int ReadText(PyObject* object, mecha_view* view, const char* what) {
  if (!PyUnicode_Check(object)) {
    PyErr_Format(PyExc_TypeError, "%s must be str, not %R", what, Py_TYPE(object));
    return -1;
  }
  Py_ssize_t size = 0;
  view->data = PyUnicode_AsUTF8AndSize(object, &size);
  view->size = (size_t)size;
  return view->data == NULL ? -1 : 0;
}

int ReadOptionalText(PyObject* object, mecha_view* view, const char* what) {
  if (object == Py_None) {
    view->data = NULL;
    view->size = 0;
    return 0;
  }
  return ReadText(object, view, what);
}

int ReadBytes(PyObject* object, Py_buffer* buffer, mecha_view* view, const char* what,
              const char* json_verb) {
  buffer->obj = NULL;
  if (PyBytes_CheckExact(object)) {
    char* data = NULL;
    Py_ssize_t size = 0;
    if (PyBytes_AsStringAndSize(object, &data, &size) < 0) return -1;
    view->data = data;
    view->size = (size_t)size;
    return 0;
  }
  if (PyUnicode_Check(object)) return ReadText(object, view, what);
  if (!PyObject_CheckBuffer(object)) {
    PyErr_Format(PyExc_TypeError, "%s must be bytes or str, not %R; %s takes what JSON can hold",
                 what, Py_TYPE(object), json_verb);
    return -1;
  }
  if (PyObject_GetBuffer(object, buffer, PyBUF_SIMPLE) < 0) return -1;
  view->data = buffer->buf != NULL ? buffer->buf : "";
  view->size = (size_t)buffer->len;
  return 0;
}

int ReadSeconds(PyObject* object, int64_t* nanoseconds, const char* what) {
  double seconds = 0;
  if (PyFloat_Check(object) || PyLong_Check(object)) {
    seconds = PyFloat_AsDouble(object);
  } else {
    PyObject* total = PyObject_CallMethod(object, "total_seconds", NULL); /* a timedelta */
    if (total == NULL) {
      PyErr_Format(PyExc_TypeError, "%s must be seconds or a timedelta, not %R", what,
                   Py_TYPE(object));
      return -1;
    }
    seconds = PyFloat_AsDouble(total);
    Py_DECREF(total);
  }
  if (PyErr_Occurred()) return -1;
  if (isnan(seconds) || seconds < 0) {
    PyErr_Format(PyExc_ValueError, "%s must not be negative", what);
    return -1;
  }
  *nanoseconds = seconds >= 9.2e9 ? INT64_MAX : (int64_t)llround(seconds * 1e9);
  return 0;
}

/* One entry of ReadPairs. A value that is neither bytes nor str is refused: a buffer could move. */
static int ReadPair(PyObject* entry, mecha_kv* pair, const char* what) {
  if (!PyTuple_Check(entry) || PyTuple_Size(entry) != 2) {
    PyErr_Format(PyExc_TypeError, "%s must be a mapping, or pairs of key and value", what);
    return -1;
  }
  PyObject* name = PyTuple_GetItem(entry, 0);
  if (!PyUnicode_Check(name)) {
    PyErr_Format(PyExc_TypeError, "a key of %s must be str, not %R", what, Py_TYPE(name));
    return -1;
  }
  if (ReadText(name, &pair->key, what) < 0) return -1;
  PyObject* value = PyTuple_GetItem(entry, 1);
  if (PyUnicode_Check(value)) return ReadText(value, &pair->value, what);
  if (!PyBytes_Check(value)) {
    PyErr_Format(PyExc_TypeError, "the value of %R in %s must be str or bytes, not %R", name, what,
                 Py_TYPE(value));
    return -1;
  }
  Py_ssize_t size = 0;
  char* data = NULL;
  if (PyBytes_AsStringAndSize(value, &data, &size) < 0) return -1;
  pair->value.data = data;
  pair->value.size = (size_t)size;
  return 0;
}

int ReadPairs(PyObject* object, PyObject** kept, mecha_kv** pairs, size_t* count,
              const char* what) {
  *kept = NULL;
  *pairs = NULL;
  *count = 0;
  if (object == Py_None) return 0;
  PyObject* entries = PyDict_Check(object) || PyObject_HasAttrString(object, "items")
                          ? PyMapping_Items(object)
                          : Py_NewRef(object);
  if (entries == NULL) return -1;
  char wanted[80];
  PyOS_snprintf(wanted, sizeof wanted, "%s must be a mapping, or pairs of key and value", what);
  *kept = ReadSeveral(entries, wanted);
  Py_DECREF(entries);
  if (*kept == NULL) return -1;
  *count = (size_t)PyTuple_Size(*kept);
  *pairs = PyMem_Calloc(*count + 1, sizeof(mecha_kv));
  if (*pairs == NULL) {
    PyErr_NoMemory();
    return -1;
  }
  for (size_t i = 0; i < *count; ++i) {
    if (ReadPair(PyTuple_GetItem(*kept, (Py_ssize_t)i), &(*pairs)[i], what) < 0) return -1;
  }
  return 0;
}

PyObject* ReadSeveral(PyObject* object, const char* wanted) {
  if (!PyTuple_Check(object) && !PyList_Check(object)) {
    PyObject* iterator = PyObject_GetIter(object);
    if (iterator == NULL) {
      if (PyErr_ExceptionMatches(PyExc_TypeError)) {
        PyErr_Format(PyExc_TypeError, "%s, not %R", wanted, Py_TYPE(object));
      }
      return NULL;
    }
    Py_DECREF(iterator);
  }
  return PySequence_Tuple(object);
}

PyObject* TextOf(mecha_view view) {
  return PyUnicode_DecodeUTF8(view.data != NULL ? view.data : "", (Py_ssize_t)view.size,
                              "surrogateescape");
}

PyObject* OptionalTextOf(mecha_view view) {
  if (view.data == NULL) Py_RETURN_NONE;
  return TextOf(view);
}

PyObject* BytesOf(mecha_view view) {
  return PyBytes_FromStringAndSize(view.data, (Py_ssize_t)view.size);
}

int CheckCount(Py_ssize_t given, Py_ssize_t wanted, const char* what) {
  if (given == wanted) return 0;
  PyErr_Format(PyExc_TypeError, "%s takes %zd positional arguments, %zd were given", what, wanted,
               given);
  return -1;
}
