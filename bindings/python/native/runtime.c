/* SPDX-License-Identifier: Apache-2.0 */
/* Runtime: the life of a runtime, and what is asked of it as a whole. Freed with its last
 * reference; whatever hangs on it holds one. */
#include <string.h>

#include "binding.h"

typedef struct {
  mecha_view* views;
  size_t count;
  PyObject* kept;
} Texts;

static int ReadTexts(PyObject* object, Texts* texts, const char* what) {
  texts->kept = ReadSeveral(object, what);
  if (texts->kept == NULL) return -1;
  texts->count = (size_t)PyTuple_Size(texts->kept);
  texts->views = PyMem_Calloc(texts->count + 1, sizeof(mecha_view));
  if (texts->views == NULL) {
    PyErr_NoMemory();
    return -1;
  }
  for (size_t i = 0; i < texts->count; ++i) {
    PyObject* text = PyTuple_GetItem(texts->kept, (Py_ssize_t)i);
    if (!PyUnicode_Check(text)) {
      PyErr_Format(PyExc_TypeError, "%s, and one is %R", what, Py_TYPE(text));
      return -1;
    }
    if (ReadText(text, &texts->views[i], what) < 0) return -1;
  }
  return 0;
}

static void FreeTexts(Texts* texts) {
  PyMem_Free(texts->views);
  Py_XDECREF(texts->kept);
}

static PyObject* Open(mecha_runtime_options* options) {
  mecha_runtime* handle = NULL;
  mecha_error* error = NULL;
  options->struct_size = sizeof *options;
  options->api_version = MECHA_API_VERSION;
  PyThreadState* thread = PyEval_SaveThread();
  const mecha_status status = mecha_runtime_open(options, &handle, &error);
  PyEval_RestoreThread(thread);
  if (status != MECHA_OK) return FailWith(status, error);
  RuntimeObject* self = (RuntimeObject*)Allocate(globals.runtime);
  if (self == NULL) {
    mecha_runtime_free(handle);
    return NULL;
  }
  self->handle = handle;
  ++globals.runtimes;
  return (PyObject*)self;
}

/* open(app_id, namespace, paths, texts, settings, flags) */
PyObject* RuntimeOpen(PyObject* module, PyObject* arguments) {
  (void)module;
  PyObject *app_id, *name_space, *path_list, *text_list, *settings;
  PyObject* kept_settings = NULL;
  mecha_runtime_options options;
  memset(&options, 0, sizeof options);
  mecha_kv* pairs = NULL;
  Texts paths = {NULL, 0, NULL};
  Texts texts = {NULL, 0, NULL};
  PyObject* runtime = NULL;
  if (PyArg_ParseTuple(arguments, "OOOOOI", &app_id, &name_space, &path_list, &text_list, &settings,
                       &options.flags) &&
      ReadOptionalText(app_id, &options.app_id, "app_id") == 0 &&
      ReadOptionalText(name_space, &options.name_space, "namespace") == 0 &&
      ReadTexts(path_list, &paths, "resources must be paths") == 0 &&
      ReadTexts(text_list, &texts, "resource_texts must be str") == 0 &&
      ReadPairs(settings, &kept_settings, &pairs, &options.setting_count, "settings") == 0) {
    options.resource_paths = paths.views;
    options.resource_path_count = paths.count;
    options.resource_texts = texts.views;
    options.resource_text_count = texts.count;
    options.settings = pairs;
    runtime = Open(&options);
  }
  FreeTexts(&paths);
  FreeTexts(&texts);
  PyMem_Free(pairs);
  Py_XDECREF(kept_settings);
  return runtime;
}

static void RuntimeDealloc(PyObject* object) {
  RuntimeObject* self = (RuntimeObject*)object;
  PyThreadState* thread = PyEval_SaveThread();
  mecha_runtime_free(self->handle);
  PyEval_RestoreThread(thread);
  --globals.runtimes;
  Free(object);
}

static mecha_runtime* HandleOf(PyObject* self) { return ((RuntimeObject*)self)->handle; }

/* start and resume alike. */
static PyObject* ByError(PyObject* self, mecha_status (*function)(mecha_runtime*, mecha_error**)) {
  mecha_error* error = NULL;
  PyThreadState* thread = PyEval_SaveThread();
  const mecha_status status = function(HandleOf(self), &error);
  PyEval_RestoreThread(thread);
  if (status != MECHA_OK) return FailWith(status, error);
  Py_RETURN_NONE;
}

static PyObject* RuntimeStart(PyObject* self, PyObject* nothing) {
  (void)nothing;
  return ByError(self, mecha_runtime_start);
}

static PyObject* RuntimeResume(PyObject* self, PyObject* nothing) {
  (void)nothing;
  return ByError(self, mecha_runtime_resume);
}

static PyObject* RuntimeSuspend(PyObject* self, PyObject* arguments) {
  long long deadline_ns = 0;
  unsigned flags = 0;
  if (!PyArg_ParseTuple(arguments, "LI", &deadline_ns, &flags)) return NULL;
  mecha_result* result = NULL;
  PyThreadState* thread = PyEval_SaveThread();
  const mecha_status status = mecha_runtime_suspend(HandleOf(self), deadline_ns, flags, &result);
  PyEval_RestoreThread(thread);
  return Convert(status, result, kText);
}

static PyObject* RuntimeShutdown(PyObject* self, PyObject* deadline) {
  const long long deadline_ns = PyLong_AsLongLong(deadline);
  if (PyErr_Occurred()) return NULL;
  mecha_result* result = NULL;
  PyThreadState* thread = PyEval_SaveThread();
  const mecha_status status = mecha_runtime_shutdown(HandleOf(self), deadline_ns, &result);
  PyEval_RestoreThread(thread);
  return Convert(status, result, kText);
}

static PyObject* RuntimeDescribe(PyObject* self, PyObject* nothing) {
  (void)nothing;
  mecha_result* result = NULL;
  const mecha_status status = mecha_runtime_describe(HandleOf(self), &result);
  return Convert(status, result, kText);
}

static PyObject* RuntimeMetrics(PyObject* self, PyObject* nothing) {
  (void)nothing;
  mecha_result* result = NULL;
  const mecha_status status = mecha_metrics_read(HandleOf(self), &result);
  return Convert(status, result, kText);
}

static PyObject* RuntimeRun(PyObject* self, PyObject* timeout) {
  const long long timeout_ns = PyLong_AsLongLong(timeout);
  if (PyErr_Occurred()) return NULL;
  PyThreadState* thread = PyEval_SaveThread();
  const int32_t count = mecha_runtime_run(HandleOf(self), timeout_ns);
  PyEval_RestoreThread(thread);
  if (count < 0) return FailPlainly(count, "cannot run: was it opened with host_threads?");
  return PyLong_FromLong(count);
}

static PyObject* RuntimeFileno(PyObject* self, PyObject* nothing) {
  (void)nothing;
  return PyLong_FromLong(mecha_runtime_fd(HandleOf(self)));
}

static PyObject* RuntimeAdvance(PyObject* self, PyObject* by) {
  const long long by_ns = PyLong_AsLongLong(by);
  if (PyErr_Occurred()) return NULL;
  const mecha_status status = mecha_clock_advance(HandleOf(self), by_ns);
  if (status != MECHA_OK) return FailPlainly(status, "cannot move the clock");
  Py_RETURN_NONE;
}

/* --- operations on the runtime itself: (queue or None, texts..., **call) --- */

static int StartOn(Invocation* invocation, PyObject* self, PyObject* queue) {
  if (queue != Py_None && !PyObject_TypeCheck(queue, globals.queue)) {
    PyErr_SetString(PyExc_TypeError, "queue must be a Queue or None");
    return -1;
  }
  InvocationStart(invocation, (RuntimeObject*)self, queue == Py_None ? NULL : (QueueObject*)queue,
                  kNothing);
  return 0;
}

static PyObject* RuntimeApply(PyObject* self, PyObject* const* values, Py_ssize_t count,
                              PyObject* names) {
  Invocation invocation;
  mecha_view text;
  if (CheckCount(count, 2, "resource_apply") < 0 || StartOn(&invocation, self, values[0]) < 0 ||
      ReadText(values[1], &text, "text") < 0) {
    return NULL;
  }
  if (InvocationRead(&invocation, 0, values + count, names) < 0) {
    return InvocationFail(&invocation);
  }
  INVOKE(&invocation, NULL, mecha_resource_apply, text);
}

static PyObject* RuntimeDelete(PyObject* self, PyObject* const* values, Py_ssize_t count,
                               PyObject* names) {
  Invocation invocation;
  mecha_view kind;
  mecha_view name;
  if (CheckCount(count, 3, "resource_delete") < 0 || StartOn(&invocation, self, values[0]) < 0 ||
      ReadText(values[1], &kind, "kind") < 0 || ReadText(values[2], &name, "name") < 0) {
    return NULL;
  }
  if (InvocationRead(&invocation, 0, values + count, names) < 0) {
    return InvocationFail(&invocation);
  }
  INVOKE(&invocation, NULL, mecha_resource_delete, kind, name);
}

static PyObject* RuntimePing(PyObject* self, PyObject* const* values, Py_ssize_t count,
                             PyObject* names) {
  Invocation invocation;
  mecha_view component;
  if (CheckCount(count, 1, "ping") < 0 || StartOn(&invocation, self, Py_None) < 0 ||
      ReadText(values[0], &component, "component") < 0) {
    return NULL;
  }
  if (InvocationRead(&invocation, 0, values + count, names) < 0) {
    return InvocationFail(&invocation);
  }
  INVOKE(&invocation, NULL, mecha_component_ping, component);
}

#define WITH_KEYWORDS METH_FASTCALL | METH_KEYWORDS
static PyMethodDef runtime_methods[] = {
    {"start", RuntimeStart, METH_NOARGS, "Starts every component; blocks."},
    {"suspend", RuntimeSuspend, METH_VARARGS, "suspend(deadline_ns, flags) -> report; blocks."},
    {"resume", RuntimeResume, METH_NOARGS, "Takes up work again; blocks."},
    {"shutdown", RuntimeShutdown, METH_O, "shutdown(deadline_ns) -> report; blocks."},
    {"describe", RuntimeDescribe, METH_NOARGS, "The runtime as JSON text."},
    {"metrics", RuntimeMetrics, METH_NOARGS, "The counters in Prometheus text form."},
    {"run", RuntimeRun, METH_O, "run(timeout_ns): lends this thread."},
    {"fileno", RuntimeFileno, METH_NOARGS, "The descriptor for host threads, or -1."},
    {"clock_advance", RuntimeAdvance, METH_O, "clock_advance(by_ns), for tests."},
    {"resource_apply", (PyCFunction)(void (*)(void))RuntimeApply, WITH_KEYWORDS,
     "resource_apply(queue, text, **call)"},
    {"resource_delete", (PyCFunction)(void (*)(void))RuntimeDelete, WITH_KEYWORDS,
     "resource_delete(queue, kind, name, **call)"},
    {"ping", (PyCFunction)(void (*)(void))RuntimePing, WITH_KEYWORDS, "ping(component, **call)"},
    {NULL, NULL, 0, NULL}};

static PyType_Slot runtime_slots[] = {
    {Py_tp_dealloc, RuntimeDealloc}, {Py_tp_methods, runtime_methods}, {0, NULL}};
static PyType_Spec runtime_spec = {
    "mecha._mecha.Runtime", sizeof(RuntimeObject), 0,
    Py_TPFLAGS_DEFAULT | Py_TPFLAGS_DISALLOW_INSTANTIATION | Py_TPFLAGS_IMMUTABLETYPE,
    runtime_slots};

int RuntimeReady(PyObject* module) {
  globals.runtime = AddType(module, &runtime_spec, NULL);
  return globals.runtime == NULL ? -1 : 0;
}
