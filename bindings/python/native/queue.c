/* SPDX-License-Identifier: Apache-2.0 */
/* Queue: a poll queue. Completions go to the futures of their slots, requests and logs to whoever
 * polls. The slots are used with the GIL held; a queue with futures belongs to one event loop. */
#include <string.h>
#include <time.h>

#include "binding.h"

enum { kBatch = 64, kMostEvents = 256 };
static const uint32_t kNoSlot = UINT32_MAX;
/* Signals of Python run on its main thread only, which may be the one that waits here. */
static const int64_t kSlice = 50 * 1000 * 1000;

static int GrowSlots(QueueObject* queue) {
  const uint32_t count = queue->slot_count == 0 ? kBatch : queue->slot_count * 2;
  Slot* slots = PyMem_Realloc(queue->slots, count * sizeof(Slot));
  if (slots == NULL) {
    PyErr_NoMemory();
    return -1;
  }
  memset(slots + queue->slot_count, 0, (count - queue->slot_count) * sizeof(Slot));
  for (uint32_t i = queue->slot_count; i < count; ++i) slots[i].next = i + 1;
  slots[count - 1].next = kNoSlot;
  queue->free_slot = queue->slot_count;
  queue->slots = slots;
  queue->slot_count = count;
  return 0;
}

int64_t QueueTakeSlot(QueueObject* queue, Kind kind) {
  if (queue->free_slot == kNoSlot && GrowSlots(queue) < 0) return -1;
  const uint32_t index = queue->free_slot;
  Slot* slot = &queue->slots[index];
  queue->free_slot = slot->next;
  slot->kind = kind;
  slot->op = 0;
  return index;
}

void QueueFreeSlot(QueueObject* queue, uint32_t index) {
  Slot* slot = &queue->slots[index];
  Py_CLEAR(slot->future);
  Py_CLEAR(slot->kept);
  slot = &queue->slots[index]; /* freeing may have run Python code */
  slot->next = queue->free_slot;
  queue->free_slot = index;
}

static PyObject* QueueNew(PyTypeObject* type, PyObject* arguments, PyObject* keywords) {
  static char* names[] = {"runtime", "create_future", "logs", "max_inflight", NULL};
  PyObject* runtime = NULL;
  PyObject* create_future = Py_None;
  int wants_logs = 0;
  unsigned most = 0;
  if (!PyArg_ParseTupleAndKeywords(arguments, keywords, "O!|OpI", names, globals.runtime, &runtime,
                                   &create_future, &wants_logs, &most)) {
    return NULL;
  }
  const mecha_queue_options options = {.struct_size = sizeof options,
                                       .flags = wants_logs ? MECHA_QUEUE_LOGS : 0,
                                       .max_inflight = most};
  mecha_queue* handle = NULL;
  const mecha_status status =
      mecha_queue_open(((RuntimeObject*)runtime)->handle, &options, &handle);
  if (status != MECHA_OK) return FailPlainly(status, "cannot open a queue");
  QueueObject* self = (QueueObject*)Allocate(type);
  if (self == NULL) {
    mecha_queue_free(handle);
    return NULL;
  }
  self->runtime = (RuntimeObject*)Py_NewRef(runtime);
  self->handle = handle;
  self->create_future = create_future == Py_None ? NULL : Py_NewRef(create_future);
  self->free_slot = kNoSlot;
  ++globals.queues;
  return (PyObject*)self;
}

static int QueueTraverse(PyObject* object, visitproc visit, void* arg) {
  QueueObject* self = (QueueObject*)object;
  Py_VISIT(Py_TYPE(object));
  Py_VISIT(self->create_future);
  for (uint32_t i = 0; i < self->slot_count; ++i) {
    Py_VISIT(self->slots[i].future);
    Py_VISIT(self->slots[i].kept);
  }
  return 0;
}

/* The buffers in `kept` are the library's until its operations are over: freeing the queue waits
 * for them, so it comes first. */
static int QueueClear(PyObject* object) {
  QueueObject* self = (QueueObject*)object;
  mecha_queue* handle = self->handle;
  self->handle = NULL;
  if (handle != NULL) {
    PyThreadState* thread = PyEval_SaveThread();
    mecha_queue_free(handle);
    PyEval_RestoreThread(thread);
  }
  Py_CLEAR(self->create_future);
  for (uint32_t i = 0; i < self->slot_count; ++i) {
    Py_CLEAR(self->slots[i].future);
    Py_CLEAR(self->slots[i].kept);
  }
  return 0;
}

static void QueueDealloc(PyObject* object) {
  QueueObject* self = (QueueObject*)object;
  PyObject_GC_UnTrack(object);
  --globals.queues;
  QueueClear(object);
  PyMem_Free(self->slots);
  Py_CLEAR(self->runtime);
  Free(object);
}

/* --- events --- */

static PyObject *set_result, *set_exception; /* names of methods, interned */

/* A future whose task was cancelled is done already; that is no error. */
static void Resolve(PyObject* future, PyObject* method, PyObject* value) {
  PyObject* answer = PyObject_CallMethodObjArgs(future, method, value, NULL);
  if (answer == NULL) PyErr_Clear();
  Py_XDECREF(answer);
}

static PyObject* TakeException(void) {
  PyObject *type, *value, *trace;
  PyErr_Fetch(&type, &value, &trace);
  PyErr_NormalizeException(&type, &value, &trace);
  Py_XDECREF(type);
  Py_XDECREF(trace);
  return value;
}

static PyObject* OutcomeOf(const Slot* slot, const mecha_event* event) {
  if (slot->kind == kRegistered && event->status >= 0) {
    mecha_result_release(event->result);
    return Py_NewRef(slot->kept);
  }
  return Convert(event->status, event->result, slot->kind);
}

static void Complete(QueueObject* self, const mecha_event* event) {
  if (event->token >= self->slot_count) {
    mecha_result_release(event->result);
    return;
  }
  const Slot slot = self->slots[event->token];
  if (slot.future == NULL) {
    mecha_result_release(event->result);
  } else {
    PyObject* outcome = OutcomeOf(&slot, event);
    if (outcome != NULL) {
      Resolve(slot.future, set_result, outcome);
    } else {
      outcome = TakeException();
      Resolve(slot.future, set_exception, outcome);
    }
    Py_XDECREF(outcome);
  }
  QueueFreeSlot(self, (uint32_t)event->token);
}

/* (severity, component, text) */
static PyObject* LogOf(const mecha_event* event) {
  mecha_item item = {.struct_size = sizeof item};
  mecha_result_item(event->result, 0, &item);
  PyObject* log =
      Py_BuildValue("(KNN)", (unsigned long long)item.number, TextOf(item.key), TextOf(item.value));
  mecha_result_release(event->result);
  return log;
}

static PyObject* Deliver(QueueObject* self, mecha_event* events, int32_t count) {
  PyObject* others = PyList_New(0);
  for (int32_t i = 0; i < count; ++i) {
    PyObject* other = NULL;
    switch (events[i].kind) {
      case MECHA_EVENT_COMPLETION:
        Complete(self, &events[i]);
        continue;
      case MECHA_EVENT_REQUEST:
        other = RequestOf(self->runtime, &events[i]);
        break;
      case MECHA_EVENT_LOG:
        other = LogOf(&events[i]);
        break;
      default: /* of a library newer than this binding */
        mecha_result_release(events[i].result);
        continue;
    }
    if (others == NULL || other == NULL || PyList_Append(others, other) < 0) Py_CLEAR(others);
    Py_XDECREF(other);
  }
  return others;
}

static PyObject* QueueFailed(int32_t status) {
  return FailPlainly(status,
                     status == MECHA_CLOSED ? "the runtime is closed" : mecha_status_name(status));
}

static PyObject* QueuePoll(PyObject* object, PyObject* most_number) {
  QueueObject* self = (QueueObject*)object;
  mecha_event events[kMostEvents];
  const long most = PyLong_AsLong(most_number);
  if (PyErr_Occurred()) return NULL;
  const size_t capacity = most > 0 && most < kMostEvents ? (size_t)most : kMostEvents;
  const int32_t count = mecha_queue_poll(self->handle, events, capacity);
  return count < 0 ? QueueFailed(count) : Deliver(self, events, count);
}

static int64_t Now(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

/* One slice after the other, so that a signal is never longer than one unnoticed. QueueWake ends it
 * early: the caller looks what there is to do. A flag tells, for on a busy machine a wait that was
 * woken may be no shorter than a slice. */
static int32_t Wait(QueueObject* self, mecha_event* events, size_t capacity, int64_t timeout) {
  const int64_t begin = Now();
  while (true) {
    const int64_t left = timeout < 0 ? kSlice : timeout - (Now() - begin);
    const int64_t slice = left > kSlice ? kSlice : left < 0 ? 0 : left;
    PyThreadState* thread = PyEval_SaveThread();
    const int32_t count = mecha_queue_wait(self->handle, events, capacity, slice);
    PyEval_RestoreThread(thread);
    const bool was_woken = self->is_woken;
    self->is_woken = false;
    if (count != 0 || PyErr_CheckSignals() < 0 || was_woken) return count;
    if (timeout >= 0 && Now() - begin >= timeout) return 0;
  }
}

/* wait(most, seconds): negative seconds wait for ever. May return early with nothing. */
static PyObject* QueueWait(PyObject* object, PyObject* arguments) {
  QueueObject* self = (QueueObject*)object;
  mecha_event events[kMostEvents];
  int most = 0;
  double seconds = 0;
  if (!PyArg_ParseTuple(arguments, "id", &most, &seconds)) return NULL;
  const size_t capacity = most > 0 && most < kMostEvents ? (size_t)most : kMostEvents;
  const int64_t timeout = seconds < 0 || seconds > 9e9 ? -1 : (int64_t)(seconds * 1e9);
  const int32_t count = Wait(self, events, capacity, timeout);
  if (PyErr_Occurred() != NULL) {
    for (int32_t i = 0; i < count; ++i) mecha_result_release(events[i].result);
    return NULL;
  }
  return count < 0 ? QueueFailed(count) : Deliver(self, events, count);
}

static PyObject* QueueFileno(PyObject* self, PyObject* nothing) {
  (void)nothing;
  return PyLong_FromLong(mecha_queue_fd(((QueueObject*)self)->handle));
}

static PyObject* QueueWake(PyObject* self, PyObject* nothing) {
  (void)nothing;
  ((QueueObject*)self)->is_woken = true;
  mecha_queue_wake(((QueueObject*)self)->handle);
  Py_RETURN_NONE;
}

static PyObject* QueueClose(PyObject* object, PyObject* nothing) {
  (void)nothing;
  QueueObject* self = (QueueObject*)object;
  PyThreadState* thread = PyEval_SaveThread();
  mecha_queue_close(self->handle);
  PyEval_RestoreThread(thread);
  Py_RETURN_NONE;
}

/* Forgets the future of one operation and asks the operation to end. */
static PyObject* QueueCancel(PyObject* object, PyObject* future) {
  QueueObject* self = (QueueObject*)object;
  for (uint32_t i = 0; i < self->slot_count; ++i) {
    if (self->slots[i].future != future) continue;
    const mecha_op op = self->slots[i].op;
    Py_CLEAR(self->slots[i].future);
    mecha_runtime_cancel(self->runtime->handle, op);
    Py_RETURN_TRUE;
  }
  Py_RETURN_FALSE;
}

/* The futures that nobody will resolve any more, after the queue was closed. */
static PyObject* QueueAbandon(PyObject* object, PyObject* nothing) {
  (void)nothing;
  QueueObject* self = (QueueObject*)object;
  PyObject* futures = PyList_New(0);
  for (uint32_t i = 0; futures != NULL && i < self->slot_count; ++i) {
    PyObject* future = self->slots[i].future;
    if (future != NULL && PyList_Append(futures, future) < 0) Py_CLEAR(futures);
  }
  return futures;
}

static PyMethodDef queue_methods[] = {
    {"poll", QueuePoll, METH_O, "Takes up to that many events, without waiting."},
    {"wait", QueueWait, METH_VARARGS, "wait(most, seconds): takes events, waiting for the first."},
    {"fileno", QueueFileno, METH_NOARGS, "The descriptor that is readable while events wait."},
    {"wake", QueueWake, METH_NOARGS, "Ends one wait."},
    {"close", QueueClose, METH_NOARGS, "Cancels its operations and ends its registrations."},
    {"cancel", QueueCancel, METH_O, "Asks the operation of a future to end."},
    {"unresolved", QueueAbandon, METH_NOARGS, "The futures that have no outcome yet."},
    {NULL, NULL, 0, NULL}};

static PyType_Slot queue_slots[] = {{Py_tp_new, QueueNew},           {Py_tp_dealloc, QueueDealloc},
                                    {Py_tp_traverse, QueueTraverse}, {Py_tp_clear, QueueClear},
                                    {Py_tp_methods, queue_methods},  {0, NULL}};
static PyType_Spec queue_spec = {"mecha._mecha.Queue", sizeof(QueueObject), 0,
                                 Py_TPFLAGS_DEFAULT | Py_TPFLAGS_HAVE_GC, queue_slots};

int QueueReady(PyObject* module) {
  set_result = PyUnicode_InternFromString("set_result");
  set_exception = PyUnicode_InternFromString("set_exception");
  globals.queue = AddType(module, &queue_spec, NULL);
  return set_result == NULL || set_exception == NULL || globals.queue == NULL ? -1 : 0;
}
