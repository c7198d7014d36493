/* SPDX-License-Identifier: Apache-2.0 */
/* One operation: its call options, the GIL around it, signals meanwhile, and its outcome. */
#include <string.h>

#include "binding.h"

/* Of a thread that runs handlers: told when the thread is about to wait inside an operation, so
 * that its pool can put another one in its place. */
static _Thread_local PyObject* pool_of_thread;

const char kPoolDocumentation[] =
    "Sets what is called with True before an operation blocks this thread, and with False after.";

PyObject* SetPoolOfThread(PyObject* module, PyObject* grow) {
  (void)module;
  PyObject* old = pool_of_thread;
  pool_of_thread = grow == Py_None ? NULL : Py_NewRef(grow);
  Py_XDECREF(old);
  Py_RETURN_NONE;
}

static int TellPool(PyObject* pool, PyObject* is_waiting) {
  PyObject* answer = PyObject_CallFunctionObjArgs(pool, is_waiting, NULL);
  Py_XDECREF(answer);
  return answer == NULL ? -1 : 0;
}

/* The library asks this on the waiting thread, after a signal at least: handlers of signals run
 * here. Other threads have none, and must not ask for the GIL in a call: when the interpreter ends
 * they would not come back from that. */
static int OnSignal(void* user) {
  if (PyThread_get_thread_ident() != globals.main_thread) return 0;
  Invocation* invocation = user;
  PyEval_RestoreThread(invocation->thread);
  const int wants_to_stop = PyErr_CheckSignals();
  invocation->thread = PyEval_SaveThread();
  return wants_to_stop;
}

void InvocationStart(Invocation* invocation, RuntimeObject* runtime, QueueObject* queue,
                     Kind kind) {
  memset(invocation, 0, sizeof *invocation);
  invocation->runtime = runtime;
  invocation->queue = queue;
  invocation->kind = kind;
  invocation->wants_inline = true;
  invocation->call.struct_size = sizeof invocation->call;
}

static int ReadScope(Invocation* invocation) {
  PyObject* scope = PyObject_CallNoArgs(globals.scope_get);
  if (scope == NULL) return -1;
  if (!PyObject_TypeCheck(scope, globals.scope)) { /* None: nothing is set here */
    Py_DECREF(scope);
    return 0;
  }
  invocation->kept[invocation->kept_count++] = scope;
  const ScopeObject* values = (ScopeObject*)scope;
  mecha_view* const views[] = {&invocation->call.traceparent, &invocation->call.tracestate,
                               &invocation->call.baggage};
  for (int i = 0; i < 3; ++i) {
    if (values->texts[i] != NULL && ReadText(values->texts[i], views[i], "a trace text") < 0) {
      return -1;
    }
  }
  /* What a handler left running after its answer goes on by itself. */
  const RequestObject* request = values->request;
  if (request != NULL && !request->is_answered && request->runtime == invocation->runtime) {
    invocation->call.within = request->id;
  }
  return 0;
}

int InvocationRead(Invocation* invocation, uint32_t takes, PyObject* const* values,
                   PyObject* names) {
  if (globals.scope_is_used && ReadScope(invocation) < 0) return -1;
  if (names == NULL) return 0;
  const Py_ssize_t count = PyTuple_Size(names);
  for (Py_ssize_t i = 0; i < count; ++i) {
    PyObject* name = PyTuple_GetItem(names, i);
    if (KeywordRead(invocation, takes | kTakesCall, name, values[i]) < 0) return -1;
  }
  return 0;
}

static int EnterAsynchronous(Invocation* invocation) {
  const int64_t slot = QueueTakeSlot(invocation->queue, invocation->kind);
  if (slot < 0) return -1;
  invocation->slot = (uint32_t)slot;
  invocation->call.queue = invocation->queue->handle;
  invocation->call.token = (uint64_t)slot;
  invocation->call.op = &invocation->queue->slots[slot].op;
  if (invocation->wants_inline) invocation->call.flags |= MECHA_CALL_INLINE;
  return 0;
}

int InvocationEnter(Invocation* invocation) {
  if (invocation->queue != NULL) return EnterAsynchronous(invocation);
  if (invocation->keeps_gil) return 0;
  if (pool_of_thread != NULL) {
    if (TellPool(pool_of_thread, Py_True) < 0) return -1;
    invocation->is_inside_pool = true;
  }
  invocation->call.interrupted = OnSignal;
  invocation->call.user = invocation;
  invocation->thread = PyEval_SaveThread();
  return 0;
}

void InvocationClear(Invocation* invocation) {
  for (int i = 0; i < invocation->kept_count; ++i) Py_DECREF(invocation->kept[i]);
  invocation->kept_count = 0;
  PyMem_Free(invocation->pairs);
  invocation->pairs = NULL;
}

PyObject* InvocationFail(Invocation* invocation) {
  InvocationClear(invocation);
  return NULL;
}

static void EndWaiting(void) {
  PyObject *type, *value, *trace;
  PyErr_Fetch(&type, &value, &trace);
  if (pool_of_thread != NULL && TellPool(pool_of_thread, Py_False) < 0) PyErr_Clear();
  PyErr_Restore(type, value, trace);
}

/* The future that the queue resolves. */
static PyObject* Await(Invocation* invocation, PyObject* kept) {
  QueueObject* queue = invocation->queue;
  PyObject* future = PyObject_CallNoArgs(queue->create_future);
  Slot* slot = &queue->slots[invocation->slot];
  slot->kept = Py_XNewRef(kept);
  if (future == NULL) {
    mecha_runtime_cancel(invocation->runtime->handle, slot->op);
    return NULL; /* the event finds nobody */
  }
  slot->future = Py_NewRef(future);
  return future;
}

PyObject* InvocationLeave(Invocation* invocation, mecha_status status, mecha_result* result,
                          PyObject* kept) {
  if (invocation->thread != NULL) PyEval_RestoreThread(invocation->thread);
  InvocationClear(invocation);
  if (invocation->is_inside_pool) EndWaiting();
  if (PyErr_Occurred()) { /* a signal's handler has raised */
    mecha_result_release(result);
    return NULL;
  }
  if (status == MECHA_PENDING) return Await(invocation, kept);
  if (invocation->queue != NULL) QueueFreeSlot(invocation->queue, invocation->slot);
  if (invocation->kind == kRegistered && status >= 0) {
    mecha_result_release(result);
    return Py_NewRef(kept);
  }
  return Convert(status, result, invocation->kind);
}
