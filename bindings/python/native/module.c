/* SPDX-License-Identifier: Apache-2.0 */
/* The extension module mecha._mecha: its types, constants and functions. It is for one interpreter
 * of a process, and everything in it is used with that one's GIL. The package mecha is its face. */
#include "binding.h"

Globals globals;

PyTypeObject* AddType(PyObject* module, PyType_Spec* spec, PyTypeObject* parent) {
  PyObject* type = PyType_FromModuleAndSpec(module, spec, (PyObject*)parent);
  if (type != NULL && PyModule_AddType(module, (PyTypeObject*)type) < 0) Py_CLEAR(type);
  return (PyTypeObject*)type;
}

PyObject* Allocate(PyTypeObject* type) {
  const allocfunc allocate = (allocfunc)PyType_GetSlot(type, Py_tp_alloc);
  return allocate(type, 0);
}

void Free(PyObject* self) {
  PyTypeObject* type = Py_TYPE(self);
  const freefunc release = (freefunc)PyType_GetSlot(type, Py_tp_free);
  release(self);
  Py_DECREF(type);
}

/* --- Scope --- */

/* Scope(request or None, traceparent, tracestate, baggage) */
static PyObject* ScopeNew(PyTypeObject* type, PyObject* arguments, PyObject* keywords) {
  static char* names[] = {"request", "traceparent", "tracestate", "baggage", NULL};
  PyObject* request = Py_None;
  PyObject* texts[3] = {Py_None, Py_None, Py_None};
  if (!PyArg_ParseTupleAndKeywords(arguments, keywords, "|OOOO", names, &request, &texts[0],
                                   &texts[1], &texts[2])) {
    return NULL;
  }
  if (request != Py_None && !PyObject_TypeCheck(request, globals.request)) {
    PyErr_SetString(PyExc_TypeError, "request must be an event or None");
    return NULL;
  }
  mecha_view view;
  for (int i = 0; i < 3; ++i) {
    if (ReadOptionalText(texts[i], &view, "a trace text") < 0) return NULL;
  }
  ScopeObject* self = (ScopeObject*)Allocate(type);
  if (self == NULL) return NULL;
  self->request = request == Py_None ? NULL : (RequestObject*)Py_NewRef(request);
  for (int i = 0; i < 3; ++i) self->texts[i] = texts[i] == Py_None ? NULL : Py_NewRef(texts[i]);
  globals.scope_is_used = true;
  return (PyObject*)self;
}

static void ScopeFree(PyObject* object) {
  ScopeObject* self = (ScopeObject*)object;
  Py_CLEAR(self->request);
  for (int i = 0; i < 3; ++i) Py_CLEAR(self->texts[i]);
  Free(object);
}

static PyObject* ScopeRequest(PyObject* self, void* closure) {
  (void)closure;
  PyObject* request = (PyObject*)((ScopeObject*)self)->request;
  return Py_NewRef(request != NULL ? request : Py_None);
}

static PyObject* ScopeTexts(PyObject* self, void* closure) {
  (void)closure;
  PyObject* const* texts = ((ScopeObject*)self)->texts;
  return Py_BuildValue("(OOO)", texts[0] != NULL ? texts[0] : Py_None,
                       texts[1] != NULL ? texts[1] : Py_None,
                       texts[2] != NULL ? texts[2] : Py_None);
}

static PyGetSetDef scope_attributes[] = {
    {"request", ScopeRequest, NULL, "The event that is handled here, or None.", NULL},
    {"texts", ScopeTexts, NULL, "(traceparent, tracestate, baggage), each str or None.", NULL},
    {NULL, NULL, NULL, NULL, NULL}};
static PyType_Slot scope_slots[] = {
    {Py_tp_new, ScopeNew}, {Py_tp_dealloc, ScopeFree}, {Py_tp_getset, scope_attributes}, {0, NULL}};
static PyType_Spec scope_spec = {"mecha._mecha.Scope", sizeof(ScopeObject), 0,
                                 Py_TPFLAGS_DEFAULT | Py_TPFLAGS_IMMUTABLETYPE, scope_slots};

int ScopeReady(PyObject* module) {
  globals.scope = AddType(module, &scope_spec, NULL);
  return globals.scope == NULL ? -1 : 0;
}

/* --- functions --- */

/* configure(make_error, scope_get, event_type, item_type): what is written in Python. */
static PyObject* Configure(PyObject* module, PyObject* arguments) {
  (void)module;
  PyObject *make_error, *scope_get, *event_type, *item_type;
  if (!PyArg_ParseTuple(arguments, "OOO!O!", &make_error, &scope_get, &PyType_Type, &event_type,
                        &PyType_Type, &item_type)) {
    return NULL;
  }
  globals.make_error = Py_NewRef(make_error);
  globals.scope_get = Py_NewRef(scope_get);
  globals.event_type = (PyTypeObject*)Py_NewRef(event_type);
  globals.item_type = (PyTypeObject*)Py_NewRef(item_type);
  Py_RETURN_NONE;
}

/* set_main_thread(ident) */
static PyObject* SetMainThread(PyObject* module, PyObject* ident) {
  (void)module;
  globals.main_thread = PyLong_AsUnsignedLong(ident);
  if (PyErr_Occurred()) return NULL;
  Py_RETURN_NONE;
}

static PyObject* LibraryVersion(PyObject* module, PyObject* nothing) {
  (void)module;
  (void)nothing;
  return Py_BuildValue("(Is)", mecha_version(), mecha_version_string());
}

static PyObject* Live(PyObject* module, PyObject* nothing) {
  (void)module;
  (void)nothing;
  return Py_BuildValue("{s:n,s:n,s:n,s:n,s:n}", "results", globals.results, "requests",
                       globals.requests, "queues", globals.queues, "registrations",
                       globals.registrations, "runtimes", globals.runtimes);
}

static PyObject* StatusName(PyObject* module, PyObject* status) {
  (void)module;
  const long number = PyLong_AsLong(status);
  if (PyErr_Occurred()) return NULL;
  return PyUnicode_FromString(mecha_status_name((mecha_status)number));
}

PyObject* ServeWhat(PyObject* module, PyObject* const* values, Py_ssize_t count, PyObject* names);

static PyMethodDef functions[] = {
    {"configure", Configure, METH_VARARGS,
     "configure(make_error, scope_get, event_type, item_type)"},
    {"open", RuntimeOpen, METH_VARARGS,
     "open(app_id, namespace, paths, texts, settings, flags): a Runtime."},
    {"serve", (PyCFunction)(void (*)(void))ServeWhat, METH_FASTCALL | METH_KEYWORDS,
     "serve(runtime, what, **call)"},
    {"version", LibraryVersion, METH_NOARGS, "(number, text) of the loaded library."},
    {"set_main_thread", SetMainThread, METH_O, "Names the thread where handlers of signals run."},
    {"live", Live, METH_NOARGS, "How many objects hold something of the library, by kind."},
    {"status_name", StatusName, METH_O, "The name of a status."},
    {"set_pool_of_thread", SetPoolOfThread, METH_O, kPoolDocumentation},
    {NULL, NULL, 0, NULL}};

#define NUMBER(name) \
  { #name, name }
static const struct {
  const char* name;
  long value;
} constants[] = {NUMBER(MECHA_OK),
                 NUMBER(MECHA_PENDING),
                 NUMBER(MECHA_PARTIAL),
                 NUMBER(MECHA_CANCELLED),
                 NUMBER(MECHA_UNKNOWN),
                 NUMBER(MECHA_INVALID_ARGUMENT),
                 NUMBER(MECHA_DEADLINE_EXCEEDED),
                 NUMBER(MECHA_NOT_FOUND),
                 NUMBER(MECHA_ALREADY_EXISTS),
                 NUMBER(MECHA_PERMISSION_DENIED),
                 NUMBER(MECHA_RESOURCE_EXHAUSTED),
                 NUMBER(MECHA_FAILED_PRECONDITION),
                 NUMBER(MECHA_ABORTED),
                 NUMBER(MECHA_OUT_OF_RANGE),
                 NUMBER(MECHA_UNIMPLEMENTED),
                 NUMBER(MECHA_INTERNAL),
                 NUMBER(MECHA_UNAVAILABLE),
                 NUMBER(MECHA_DATA_LOSS),
                 NUMBER(MECHA_UNAUTHENTICATED),
                 NUMBER(MECHA_BUSY),
                 NUMBER(MECHA_CLOSED),
                 NUMBER(MECHA_FORKED),
                 NUMBER(MECHA_REENTRANT),
                 NUMBER(MECHA_VERSION),
                 NUMBER(MECHA_NO_MEMORY),
                 NUMBER(MECHA_GONE),
                 NUMBER(MECHA_SUSPENDED),
                 NUMBER(MECHA_OUTCOME_UNKNOWN),
                 NUMBER(MECHA_DEADLOCK),
                 NUMBER(MECHA_STUCK),
                 NUMBER(MECHA_RETRYABLE_NO),
                 NUMBER(MECHA_RETRYABLE_SAFE),
                 NUMBER(MECHA_RETRYABLE_ONLY_IF_IDEMPOTENT),
                 NUMBER(MECHA_RETRY_CONSTANT),
                 NUMBER(MECHA_RETRY_LINEAR),
                 NUMBER(MECHA_RETRY_EXPONENTIAL),
                 NUMBER(MECHA_STATE_CONSISTENCY_DEFAULT),
                 NUMBER(MECHA_STATE_EVENTUAL),
                 NUMBER(MECHA_STATE_STRONG),
                 NUMBER(MECHA_OPEN_USE_ENVIRONMENT),
                 NUMBER(MECHA_OPEN_HOST_THREADS),
                 NUMBER(MECHA_SUSPEND_KEEP_CONNECTIONS),
                 NUMBER(MECHA_RESULT_FROM_PEER),
                 NUMBER(MECHA_RESULT_MAYBE_APPLIED),
                 NUMBER(MECHA_RESULT_HELD),
                 NUMBER(MECHA_RESULT_REPLAYED),
                 NUMBER(MECHA_METADATA_HEADERS),
                 NUMBER(MECHA_METADATA_TRAILERS),
                 NUMBER(MECHA_SERVE_TOPIC),
                 NUMBER(MECHA_SERVE_ROUTE),
                 NUMBER(MECHA_SERVE_BATCH),
                 NUMBER(MECHA_SERVE_PAUSED),
                 NUMBER(MECHA_ORDER_NONE),
                 NUMBER(MECHA_ORDER_PER_KEY),
                 NUMBER(MECHA_ORDER_SERIAL),
                 NUMBER(MECHA_VERDICT_OK),
                 NUMBER(MECHA_VERDICT_RETRY),
                 NUMBER(MECHA_VERDICT_DROP),
                 NUMBER(MECHA_VERDICT_ERROR),
                 NUMBER(MECHA_REQUEST_REDELIVERED),
                 NUMBER(MECHA_REQUEST_LAST_ATTEMPT),
                 NUMBER(MECHA_REQUEST_BATCH),
                 NUMBER(MECHA_REQUEST_RAW),
                 NUMBER(MECHA_API_VERSION),
                 NUMBER(MECHA_VERSION_MAJOR),
                 NUMBER(MECHA_VERSION_MINOR),
                 NUMBER(MECHA_VERSION_PATCH)};

static int AddConstants(PyObject* module) {
  for (size_t i = 0; i < sizeof constants / sizeof constants[0]; ++i) {
    if (PyModule_AddIntConstant(module, constants[i].name + sizeof "MECHA", constants[i].value) < 0)
      return -1;
  }
  return 0;
}

static int Execute(PyObject* module) {
  if (globals.runtime != NULL) {
    PyErr_SetString(PyExc_ImportError, "mecha can be imported by one interpreter of a process");
    return -1;
  }
  if (KeywordsIntern() < 0 || AddConstants(module) < 0 || RuntimeReady(module) < 0 ||
      ResultReady(module) < 0 || QueueReady(module) < 0 || StateReady(module) < 0 ||
      ComponentsReady(module) < 0 || ServeReady(module) < 0 || ScopeReady(module) < 0) {
    return -1;
  }
  return 0;
}

static PyModuleDef_Slot slots[] = {{Py_mod_exec, Execute}, {0, NULL}};
static PyModuleDef definition = {.m_base = PyModuleDef_HEAD_INIT,
                                 .m_name = "mecha._mecha",
                                 .m_doc = "The package mecha is the face of this.",
                                 .m_methods = functions,
                                 .m_slots = slots};

PyMODINIT_FUNC PyInit__mecha(void) { return PyModuleDef_Init(&definition); }
