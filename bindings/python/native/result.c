/* SPDX-License-Identifier: Apache-2.0 */
/* Results: Result and its Items, and what an outcome becomes in Python. */
#include "binding.h"

/* The result as a whole says why it failed; NULL reads as no error. */
static const mecha_error* ErrorOf(const mecha_result* result, size_t index) {
  return result == NULL ? NULL : mecha_result_error(result, index);
}

static PyObject* MakeException(mecha_status status, const mecha_error* error, PyObject* result) {
  const char* message = mecha_error_message(error);
  if (message[0] == '\0') message = mecha_status_name(status);
  return PyObject_CallFunction(globals.make_error, "isiO", (int)status, message,
                               (int)mecha_error_retryable(error), result);
}

PyObject* ExceptionOf(mecha_status status, mecha_result* result, size_t index) {
  PyObject* holder = Py_None;
  if (result == NULL) {
    Py_INCREF(holder);
  } else {
    holder = ResultOf(mecha_result_retain(result));
    if (holder == NULL) return NULL;
    ((ResultObject*)holder)->index = index;
  }
  PyObject* exception = MakeException(status, ErrorOf(result, index), holder);
  Py_DECREF(holder);
  return exception;
}

static PyObject* Raise(PyObject* exception) {
  if (exception == NULL) return NULL;
  PyErr_SetObject((PyObject*)Py_TYPE(exception), exception);
  Py_DECREF(exception);
  return NULL;
}

PyObject* Fail(mecha_status status, mecha_result* result) {
  PyObject* exception = ExceptionOf(status, result, MECHA_RESULT_WHOLE);
  mecha_result_release(result);
  return Raise(exception);
}

PyObject* FailWith(mecha_status status, mecha_error* error) {
  if (error != NULL) status = mecha_error_status(error);
  PyObject* exception = MakeException(status, error, Py_None);
  mecha_error_free(error);
  return Raise(exception);
}

PyObject* FailPlainly(mecha_status status, const char* message) {
  return Raise(PyObject_CallFunction(globals.make_error, "isiO", (int)status, message, 0, Py_None));
}

static PyObject* NewResult(PyTypeObject* type, mecha_result* result, size_t index) {
  ResultObject* self = (ResultObject*)Allocate(type);
  if (self == NULL) {
    mecha_result_release(result);
    return NULL;
  }
  self->result = result;
  self->index = index;
  ++globals.results;
  return (PyObject*)self;
}

PyObject* ItemOf(mecha_result* result, size_t index) {
  return NewResult(globals.item_type, result, index);
}

PyObject* ResultOf(mecha_result* result) {
  return NewResult(globals.result, result, MECHA_RESULT_WHOLE);
}

static mecha_item ReadItem(const mecha_result* result, size_t index) {
  mecha_item item = {.struct_size = sizeof item};
  mecha_result_item(result, index, &item);
  return item;
}

static mecha_result_info ReadInfo(const mecha_result* result) {
  mecha_result_info info = {.struct_size = sizeof info};
  mecha_result_read(result, &info);
  return info;
}

/* --- outcomes --- */

/* Each item, or None for an absent key. */
static PyObject* ItemsOf(mecha_result* result) {
  const size_t count = ReadInfo(result).count;
  PyObject* list = PyList_New((Py_ssize_t)count);
  for (size_t i = 0; list != NULL && i < count; ++i) {
    const mecha_status status = ReadItem(result, i).status;
    const bool is_absent = status == MECHA_NOT_FOUND && mecha_result_error(result, i) == NULL;
    PyObject* item = is_absent ? Py_NewRef(Py_None) : ItemOf(mecha_result_retain(result), i);
    if (item == NULL || PyList_SetItem(list, (Py_ssize_t)i, item) < 0) Py_CLEAR(list);
  }
  return list;
}

static PyObject* KeysOf(mecha_result* result) {
  const size_t count = ReadInfo(result).count;
  PyObject* list = PyList_New((Py_ssize_t)count);
  for (size_t i = 0; list != NULL && i < count; ++i) {
    PyObject* key = TextOf(ReadItem(result, i).key);
    if (key == NULL || PyList_SetItem(list, (Py_ssize_t)i, key) < 0) Py_CLEAR(list);
  }
  return list;
}

static PyObject* WithPage(PyObject* list, mecha_result* result) {
  if (list == NULL) return NULL;
  PyObject* page = OptionalTextOf(ReadInfo(result).page);
  if (page == NULL) {
    Py_DECREF(list);
    return NULL;
  }
  return Py_BuildValue("(NN)", list, page);
}

static int PutText(PyObject* dict, mecha_view key, mecha_view value) {
  PyObject* name = TextOf(key);
  PyObject* text = name == NULL ? NULL : TextOf(value);
  const int status = text == NULL ? -1 : PyDict_SetItem(dict, name, text);
  Py_XDECREF(name);
  Py_XDECREF(text);
  return status;
}

/* The dict of one group inside `groups`; borrowed. */
static PyObject* GroupOf(PyObject* groups, mecha_view group) {
  PyObject* name = TextOf(group);
  if (name == NULL) return NULL;
  PyObject* dict = PyDict_GetItemWithError(groups, name);
  if (dict == NULL && !PyErr_Occurred()) {
    PyObject* made = PyDict_New();
    if (made != NULL && PyDict_SetItem(groups, name, made) == 0) dict = made;
    Py_XDECREF(made);
  }
  Py_DECREF(name);
  return dict;
}

static PyObject* SecretsOf(mecha_result* result, bool is_one) {
  PyObject* dict = PyDict_New();
  const size_t count = ReadInfo(result).count;
  for (size_t i = 0; dict != NULL && i < count; ++i) {
    const mecha_item item = ReadItem(result, i);
    PyObject* into = is_one ? dict : GroupOf(dict, item.group);
    if (into == NULL || PutText(into, item.key, item.value) < 0) Py_CLEAR(dict);
  }
  return dict;
}

static PyObject* ConvertSuccess(mecha_result* result, Kind kind) {
  switch (kind) {
    case kItems:
      return ItemsOf(result);
    case kEtag:
      return TextOf(ReadItem(result, 0).etag);
    case kPage:
      return WithPage(KeysOf(result), result);
    case kMatches:
      return WithPage(ItemsOf(result), result);
    case kSecret:
      return SecretsOf(result, true);
    case kSecrets:
      return SecretsOf(result, false);
    case kText:
      return TextOf(ReadItem(result, 0).value);
    default:
      Py_RETURN_NONE;
  }
}

PyObject* Convert(mecha_status status, mecha_result* result, Kind kind) {
  if (status == MECHA_OK && kind == kValue) return ItemOf(result, 0);
  if (status == MECHA_NOT_FOUND && (kind == kValue || kind == kSecret) && result != NULL &&
      mecha_result_error(result, MECHA_RESULT_WHOLE) == NULL) {
    mecha_result_release(result);
    Py_RETURN_NONE;
  }
  if (status < 0) return Fail(status, result);
  PyObject* converted = ConvertSuccess(result, kind);
  mecha_result_release(result);
  return converted;
}

/* --- Result --- */

static void ResultFree(PyObject* self) {
  mecha_result_release(((ResultObject*)self)->result);
  --globals.results;
  Free(self);
}

/* (status, code, flags, count, page, number) */
static PyObject* ResultInfo(PyObject* self, PyObject* nothing) {
  (void)nothing;
  const mecha_result_info info = ReadInfo(((ResultObject*)self)->result);
  return Py_BuildValue("(iiInNK)", (int)info.status, (int)info.code, (unsigned)info.flags,
                       (Py_ssize_t)info.count, OptionalTextOf(info.page),
                       (unsigned long long)info.number);
}

static PyObject* ResultDetail(PyObject* self, PyObject* name) {
  const ResultObject* result = (ResultObject*)self;
  mecha_view text;
  if (ReadText(name, &text, "name") < 0) return NULL;
  return OptionalTextOf(mecha_error_detail(ErrorOf(result->result, result->index), text.data));
}

static PyObject* ResultItems(PyObject* self, PyObject* nothing) {
  (void)nothing;
  mecha_result* result = ((ResultObject*)self)->result;
  const size_t count = ReadInfo(result).count;
  PyObject* list = PyList_New((Py_ssize_t)count);
  for (size_t i = 0; list != NULL && i < count; ++i) {
    PyObject* item = ItemOf(mecha_result_retain(result), i);
    if (item == NULL || PyList_SetItem(list, (Py_ssize_t)i, item) < 0) Py_CLEAR(list);
  }
  return list;
}

/* list of (key, value) */
static PyObject* ResultMetadata(PyObject* self, PyObject* kind_number) {
  const unsigned long kind = PyLong_AsUnsignedLong(kind_number);
  if (PyErr_Occurred()) return NULL;
  mecha_result* result = ((ResultObject*)self)->result;
  PyObject* list = PyList_New(0);
  mecha_kv entry;
  for (size_t i = 0; list != NULL; ++i) {
    const mecha_status status = mecha_result_metadata(result, (uint32_t)kind, i, &entry);
    if (status == MECHA_OUT_OF_RANGE) break;
    PyObject* pair = status != MECHA_OK
                         ? FailPlainly(status, "unknown kind of metadata")
                         : Py_BuildValue("(NN)", TextOf(entry.key), BytesOf(entry.value));
    if (pair == NULL || PyList_Append(list, pair) < 0) Py_CLEAR(list);
    Py_XDECREF(pair);
  }
  return list;
}

static PyMethodDef result_methods[] = {
    {"info", ResultInfo, METH_NOARGS, "(status, code, flags, count, page, tries)"},
    {"detail", ResultDetail, METH_O, "One named part of the error, or None."},
    {"items", ResultItems, METH_NOARGS, "Every item."},
    {"metadata", ResultMetadata, METH_O, "(key, value) of each entry of that kind."},
    {NULL, NULL, 0, NULL}};

static PyType_Slot result_slots[] = {
    {Py_tp_dealloc, ResultFree}, {Py_tp_methods, result_methods}, {0, NULL}};
static PyType_Spec result_spec = {
    "mecha._mecha.Result", sizeof(ResultObject), 0,
    Py_TPFLAGS_DEFAULT | Py_TPFLAGS_DISALLOW_INSTANTIATION | Py_TPFLAGS_IMMUTABLETYPE,
    result_slots};

/* --- Item --- */

static mecha_item OwnItem(PyObject* self) {
  const ResultObject* item = (ResultObject*)self;
  return ReadItem(item->result, item->index);
}

/* 0, or -1 with the exception of an item that failed. */
static int RequireSuccess(PyObject* self, mecha_item* item) {
  *item = OwnItem(self);
  if (item->status >= 0) return 0;
  Raise(ExceptionOf(item->status, ((ResultObject*)self)->result, ((ResultObject*)self)->index));
  return -1;
}

static PyObject* ItemValue(PyObject* self, void* closure) {
  (void)closure;
  mecha_item item;
  return RequireSuccess(self, &item) < 0 ? NULL : BytesOf(item.value);
}

static PyObject* ItemView(PyObject* self, void* closure) {
  (void)closure;
  return PyMemoryView_FromObject(self);
}

static int ItemBuffer(PyObject* self, Py_buffer* view, int flags) {
  mecha_item item;
  view->obj = NULL;
  if (RequireSuccess(self, &item) < 0) return -1;
  void* data = (void*)(item.value.data != NULL ? item.value.data : "");
  return PyBuffer_FillInfo(view, self, data, (Py_ssize_t)item.value.size, 1, flags);
}

static PyObject* ItemKey(PyObject* self, void* closure) {
  (void)closure;
  return TextOf(OwnItem(self).key);
}
static PyObject* ItemGroup(PyObject* self, void* closure) {
  (void)closure;
  return TextOf(OwnItem(self).group);
}
static PyObject* ItemEtag(PyObject* self, void* closure) {
  (void)closure;
  return TextOf(OwnItem(self).etag);
}
static PyObject* ItemContentType(PyObject* self, void* closure) {
  (void)closure;
  return TextOf(OwnItem(self).content_type);
}
static PyObject* ItemIsJson(PyObject* self, void* closure) {
  (void)closure;
  return PyBool_FromLong((OwnItem(self).flags & MECHA_ITEM_JSON) != 0);
}
static PyObject* ItemNumber(PyObject* self, void* closure) {
  (void)closure;
  return PyLong_FromUnsignedLongLong(OwnItem(self).number);
}
static PyObject* ItemExpires(PyObject* self, void* closure) {
  (void)closure;
  return PyLong_FromLongLong(OwnItem(self).expires_unix_ms);
}
static PyObject* ItemStatus(PyObject* self, void* closure) {
  (void)closure;
  return PyLong_FromLong(OwnItem(self).status);
}
static PyObject* ItemError(PyObject* self, void* closure) {
  (void)closure;
  const mecha_status status = OwnItem(self).status;
  if (status >= 0) Py_RETURN_NONE;
  return ExceptionOf(status, ((ResultObject*)self)->result, ((ResultObject*)self)->index);
}
static PyObject* ItemResult(PyObject* self, void* closure) {
  (void)closure;
  return ResultOf(mecha_result_retain(((ResultObject*)self)->result));
}

static PyGetSetDef item_attributes[] = {
    {"value", ItemValue, NULL, "The bytes, copied.", NULL},
    {"view", ItemView, NULL, "The bytes as a memoryview, without a copy.", NULL},
    {"key", ItemKey, NULL, "The key, as the caller wrote it.", NULL},
    {"group", ItemGroup, NULL, "Of a secret: its name.", NULL},
    {"etag", ItemEtag, NULL, "The version's etag.", NULL},
    {"content_type", ItemContentType, NULL, "The content type, where one is known.", NULL},
    {"is_json", ItemIsJson, NULL, "True when the value was stored as JSON.", NULL},
    {"number", ItemNumber, NULL, "A version or fencing token; 0: none.", NULL},
    {"expires_unix_ms", ItemExpires, NULL, "When it expires; 0: never, or unknown.", NULL},
    {"status_code", ItemStatus, NULL, "How this item ended, as a number.", NULL},
    {"error", ItemError, NULL, "Why this item failed; None when it did not.", NULL},
    {"result", ItemResult, NULL, "The result that it is part of.", NULL},
    {NULL, NULL, NULL, NULL, NULL}};

static PyType_Slot item_slots[] = {{Py_tp_dealloc, ResultFree},
                                   {Py_tp_getset, item_attributes},
                                   {Py_bf_getbuffer, ItemBuffer},
                                   {0, NULL}};
static PyType_Spec item_spec = {
    "mecha._mecha.Item", sizeof(ResultObject), 0,
    Py_TPFLAGS_DEFAULT | Py_TPFLAGS_DISALLOW_INSTANTIATION | Py_TPFLAGS_BASETYPE, item_slots};

int ResultReady(PyObject* module) {
  globals.result = AddType(module, &result_spec, NULL);
  globals.item = AddType(module, &item_spec, NULL);
  return globals.result == NULL || globals.item == NULL ? -1 : 0;
}
