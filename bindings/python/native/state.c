/* SPDX-License-Identifier: Apache-2.0 */
/* State: the verbs of one state store. Without a queue they block, with one they give a future, or
 * the outcome when that needed no waiting. */
#include <string.h>

#include "binding.h"

/* Larger values are not copied under the GIL. */
enum { kSmallValue = 64 * 1024 };
/* Larger values of asynchronous writes are borrowed until the event instead of being copied. */
enum { kBorrowFrom = 16 * 1024 };

typedef mecha_state_get_options GetOptions;
typedef mecha_state_set_options SetOptions;
typedef mecha_state_delete_options DeleteOptions;
typedef mecha_state_apply_options ApplyOptions;
typedef mecha_state_list_options ListOptions;
typedef mecha_state_query_options QueryOptions;

static void Start(Invocation* invocation, PyObject* self, Kind kind) {
  ComponentObject* store = (ComponentObject*)self;
  InvocationStart(invocation, store->runtime, store->queue, kind);
}

static PyObject* StateGet(PyObject* self, PyObject* const* values, Py_ssize_t count,
                          PyObject* names) {
  Invocation invocation;
  mecha_view key;
  if (CheckCount(count, 1, "get") < 0 || ReadText(values[0], &key, "key") < 0) return NULL;
  Start(&invocation, self, kValue);
  if (InvocationRead(&invocation, kTakesConsistency, values + count, names) < 0) {
    return InvocationFail(&invocation);
  }
  const ComponentObject* store = (ComponentObject*)self;
  invocation.keeps_gil = store->never_waits;
  const GetOptions options = {.struct_size = sizeof options, .consistency = invocation.consistency};
  INVOKE(&invocation, NULL, mecha_state_get, store->name_view, key, &options);
}

static PyObject* StateGetMany(PyObject* self, PyObject* const* values, Py_ssize_t count,
                              PyObject* names) {
  Invocation invocation;
  if (CheckCount(count, 1, "get_many") < 0) return NULL;
  if (PyUnicode_Check(values[0])) {
    PyErr_SetString(PyExc_TypeError, "keys must be several str, not one");
    return NULL;
  }
  Start(&invocation, self, kItems);
  if (InvocationRead(&invocation, kTakesConsistency, values + count, names) < 0) {
    return InvocationFail(&invocation);
  }
  PyObject* keys = ReadSeveral(values[0], "keys must be several str");
  if (keys == NULL) return InvocationFail(&invocation);
  invocation.kept[invocation.kept_count++] = keys;
  const size_t key_count = (size_t)PyTuple_Size(keys);
  PyObject* memory =
      PyBytes_FromStringAndSize(NULL, (Py_ssize_t)((key_count + 1) * sizeof(mecha_view)));
  if (memory == NULL) return InvocationFail(&invocation);
  invocation.kept[invocation.kept_count++] = memory;
  mecha_view* views = (mecha_view*)PyBytes_AsString(memory);
  for (size_t i = 0; i < key_count; ++i) {
    if (ReadText(PyTuple_GetItem(keys, (Py_ssize_t)i), &views[i], "key") < 0) {
      return InvocationFail(&invocation);
    }
  }
  const GetOptions options = {.struct_size = sizeof options, .consistency = invocation.consistency};
  INVOKE(&invocation, NULL, mecha_state_get_many, ((ComponentObject*)self)->name_view, views,
         key_count, &options);
}

static SetOptions SetOptionsOf(const Invocation* invocation) {
  return (SetOptions){.struct_size = sizeof(SetOptions),
                      .flags = invocation->flags,
                      .consistency = invocation->consistency,
                      .etag = invocation->etag,
                      .content_type = invocation->content_type,
                      .ttl_ms = invocation->ttl_ms};
}

/* The key and a large value of an asynchronous write that has nothing else to copy. */
static PyObject* BorrowInputs(Invocation* invocation, PyObject* store, PyObject* const* inputs,
                              PyObject* names) {
  if (invocation->queue == NULL || names != NULL || invocation->kept_count != 0) return NULL;
  if (!PyBytes_CheckExact(inputs[1]) || PyBytes_Size(inputs[1]) < kBorrowFrom) return NULL;
  PyObject* kept = PyTuple_Pack(3, store, inputs[0], inputs[1]);
  if (kept == NULL) {
    PyErr_Clear();
    return NULL;
  }
  invocation->call.flags |= MECHA_CALL_BORROW;
  return kept;
}

static PyObject* Set(Invocation* invocation, ComponentObject* store, mecha_view key,
                     mecha_buf value, PyObject* kept) {
  const SetOptions options = SetOptionsOf(invocation);
  INVOKE(invocation, kept, mecha_state_set, store->name_view, key, value, &options);
}

static PyObject* StateSet(PyObject* self, PyObject* const* values, Py_ssize_t count,
                          PyObject* names) {
  Invocation invocation;
  mecha_view key;
  mecha_view view;
  Py_buffer buffer = {.obj = NULL};
  if (CheckCount(count, 2, "set") < 0 || ReadText(values[0], &key, "key") < 0) return NULL;
  ComponentObject* store = (ComponentObject*)self;
  const uint32_t takes = kTakesConsistency | kTakesWrite | kTakesStore;
  Start(&invocation, self, kEtag);
  if (InvocationRead(&invocation, takes, values + count, names) < 0 ||
      ReadBytes(values[1], &buffer, &view, "value", "set_json") < 0) {
    return InvocationFail(&invocation);
  }
  invocation.keeps_gil = store->never_waits && view.size <= kSmallValue;
  PyObject* kept = BorrowInputs(&invocation, self, values, names);
  const mecha_buf value = {view.data, view.size, NULL, NULL};
  PyObject* outcome = Set(&invocation, store, key, value, kept);
  Py_XDECREF(kept);
  if (buffer.obj != NULL) PyBuffer_Release(&buffer);
  return outcome;
}

static PyObject* StateDelete(PyObject* self, PyObject* const* values, Py_ssize_t count,
                             PyObject* names) {
  Invocation invocation;
  mecha_view key;
  if (CheckCount(count, 1, "delete") < 0 || ReadText(values[0], &key, "key") < 0) return NULL;
  Start(&invocation, self, kNothing);
  if (InvocationRead(&invocation, kTakesConsistency | kTakesWrite, values + count, names) < 0) {
    return InvocationFail(&invocation);
  }
  const ComponentObject* store = (ComponentObject*)self;
  invocation.keeps_gil = store->never_waits;
  const DeleteOptions options = {.struct_size = sizeof options,
                                 .flags = invocation.flags,
                                 .consistency = invocation.consistency,
                                 .etag = invocation.etag};
  INVOKE(&invocation, NULL, mecha_state_delete, store->name_view, key, &options);
}

/* --- several writes --- */

typedef struct {
  mecha_state_op* ops;
  Py_buffer* buffers;
  mecha_kv** pairs;
  PyObject* kept; /* list of what the ops point into */
  size_t count;
} Writes;

static void FreeWrites(Writes* writes) {
  for (size_t i = 0; i < writes->count; ++i) {
    if (writes->buffers != NULL && writes->buffers[i].obj != NULL) {
      PyBuffer_Release(&writes->buffers[i]);
    }
    if (writes->pairs != NULL) PyMem_Free(writes->pairs[i]);
  }
  PyMem_Free(writes->ops);
  PyMem_Free(writes->buffers);
  PyMem_Free(writes->pairs);
  Py_XDECREF(writes->kept);
}

/* A write is (key, value or None for a delete, etag, first_write, content_type, ttl_ms,
 * metadata). */
static int ReadWrite(PyObject* write, Writes* writes, size_t index) {
  mecha_state_op* op = &writes->ops[index];
  PyObject *key, *value, *etag, *content_type, *metadata;
  PyObject* kept = NULL;
  int is_first_write = 0;
  long long ttl_ms = 0;
  if (!PyTuple_Check(write)) {
    PyErr_Format(PyExc_TypeError, "a write must be a Write, not %R", Py_TYPE(write));
    return -1;
  }
  if (!PyArg_ParseTuple(write, "OOOpOLO", &key, &value, &etag, &is_first_write, &content_type,
                        &ttl_ms, &metadata) ||
      ReadText(key, &op->key, "key") < 0 || ReadOptionalText(etag, &op->etag, "etag") < 0 ||
      ReadOptionalText(content_type, &op->content_type, "content_type") < 0 ||
      ReadPairs(metadata, &kept, &writes->pairs[index], &op->metadata_count, "metadata") < 0) {
    Py_XDECREF(kept);
    return -1;
  }
  op->metadata = writes->pairs[index];
  op->flags = is_first_write ? MECHA_STATE_FIRST_WRITE : 0;
  op->ttl_ms = ttl_ms;
  op->kind = value == Py_None ? MECHA_STATE_DELETE : MECHA_STATE_SET;
  const int is_kept = kept == NULL ? 0 : PyList_Append(writes->kept, kept);
  Py_XDECREF(kept);
  if (is_kept < 0 || value == Py_None) return is_kept;
  mecha_view view;
  if (ReadBytes(value, &writes->buffers[index], &view, "value", "Write.set_json") < 0) return -1;
  op->value.data = view.data;
  op->value.size = view.size;
  return 0;
}

static int ReadWrites(PyObject* object, Writes* writes) {
  PyObject* tuple = ReadSeveral(object, "writes must be several Write");
  if (tuple == NULL) return -1;
  writes->count = (size_t)PyTuple_Size(tuple);
  writes->ops = PyMem_Calloc(writes->count + 1, sizeof(mecha_state_op));
  writes->buffers = PyMem_Calloc(writes->count + 1, sizeof(Py_buffer));
  writes->pairs = PyMem_Calloc(writes->count + 1, sizeof(mecha_kv*));
  writes->kept = PyList_New(0);
  int status = 0;
  if (writes->ops == NULL || writes->buffers == NULL || writes->pairs == NULL ||
      writes->kept == NULL) {
    PyErr_NoMemory();
    status = -1;
  }
  if (status == 0) status = PyList_Append(writes->kept, tuple);
  for (size_t i = 0; status == 0 && i < writes->count; ++i) {
    status = ReadWrite(PyTuple_GetItem(tuple, (Py_ssize_t)i), writes, i);
  }
  Py_DECREF(tuple);
  return status;
}

static PyObject* Apply(Invocation* invocation, ComponentObject* store, const Writes* writes) {
  const ApplyOptions options = {.struct_size = sizeof options,
                                .atomic = invocation->is_independent ? 0 : 1,
                                .consistency = invocation->consistency};
  INVOKE(invocation, NULL, mecha_state_apply, store->name_view, writes->ops, writes->count,
         &options);
}

static PyObject* StateApply(PyObject* self, PyObject* const* values, Py_ssize_t count,
                            PyObject* names) {
  Invocation invocation;
  if (CheckCount(count, 1, "apply") < 0) return NULL;
  Start(&invocation, self, kItems);
  if (InvocationRead(&invocation, kTakesConsistency | kTakesAtomic, values + count, names) < 0) {
    return InvocationFail(&invocation);
  }
  Writes writes = {NULL, NULL, NULL, NULL, 0};
  PyObject* outcome = NULL;
  if (ReadWrites(values[0], &writes) == 0) {
    outcome = Apply(&invocation, (ComponentObject*)self, &writes);
  } else {
    InvocationClear(&invocation);
  }
  FreeWrites(&writes);
  return outcome;
}

static PyObject* StateList(PyObject* self, PyObject* const* values, Py_ssize_t count,
                           PyObject* names) {
  Invocation invocation;
  mecha_view prefix;
  if (CheckCount(count, 1, "list") < 0 || ReadText(values[0], &prefix, "prefix") < 0) return NULL;
  Start(&invocation, self, kPage);
  if (InvocationRead(&invocation, kTakesPage, values + count, names) < 0) {
    return InvocationFail(&invocation);
  }
  const ListOptions options = {
      .struct_size = sizeof options, .limit = invocation.limit, .page = invocation.page};
  INVOKE(&invocation, NULL, mecha_state_list, ((ComponentObject*)self)->name_view, prefix,
         &options);
}

static PyObject* StateQuery(PyObject* self, PyObject* const* values, Py_ssize_t count,
                            PyObject* names) {
  Invocation invocation;
  mecha_view query;
  if (CheckCount(count, 1, "query") < 0 || ReadText(values[0], &query, "query") < 0) return NULL;
  Start(&invocation, self, kMatches);
  if (InvocationRead(&invocation, kTakesPage, values + count, names) < 0) {
    return InvocationFail(&invocation);
  }
  const QueryOptions options = {
      .struct_size = sizeof options, .limit = invocation.limit, .page = invocation.page};
  INVOKE(&invocation, NULL, mecha_state_query, ((ComponentObject*)self)->name_view, query,
         &options);
}

#define METHOD(name, function, text) \
  { name, (PyCFunction)(void (*)(void))function, METH_FASTCALL | METH_KEYWORDS, text }
static PyMethodDef state_methods[] = {
    METHOD("get", StateGet, "get(key, *, consistency, **call): the Item, or None."),
    METHOD("get_many", StateGetMany, "get_many(keys, *, consistency, **call): one Item per key."),
    METHOD("set", StateSet, "set(key, value, **options): the new etag."),
    METHOD("delete", StateDelete, "delete(key, **options)."),
    METHOD("apply", StateApply, "apply(writes, *, atomic, consistency, **call)."),
    METHOD("list", StateList, "list(prefix, *, limit, page, **call): (keys, next)."),
    METHOD("query", StateQuery, "query(text, *, limit, page, **call): (items, next)."),
    {NULL, NULL, 0, NULL}};

static PyType_Slot state_slots[] = {{Py_tp_new, ComponentNew},
                                    {Py_tp_dealloc, ComponentFree},
                                    {Py_tp_methods, state_methods},
                                    {0, NULL}};
static PyType_Spec state_spec = {"mecha._mecha.State", sizeof(ComponentObject), 0,
                                 Py_TPFLAGS_DEFAULT | Py_TPFLAGS_BASETYPE, state_slots};

int StateReady(PyObject* module) {
  globals.state = AddType(module, &state_spec, NULL);
  return globals.state == NULL ? -1 : 0;
}
