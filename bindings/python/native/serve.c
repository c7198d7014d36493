/* SPDX-License-Identifier: Apache-2.0 */
/* Registration and Request: what this process handles. A request that is freed without an answer
 * has answered RETRY. */
#include <string.h>

#include "binding.h"

/* --- Registration --- */

typedef struct {
  PyObject *queue, *waits_on, *component, *names, *spec, *settings;
  mecha_serve_options options;
  mecha_view* views;
  mecha_kv* pairs;
  PyObject *kept_names, *kept_settings;
} Serving;

static int ReadNames(Serving* serving) {
  serving->kept_names = PySequence_Tuple(serving->names);
  if (serving->kept_names == NULL) return -1;
  serving->options.name_count = (size_t)PyTuple_Size(serving->kept_names);
  serving->views = PyMem_Calloc(serving->options.name_count + 1, sizeof(mecha_view));
  if (serving->views == NULL) {
    PyErr_NoMemory();
    return -1;
  }
  serving->options.names = serving->views;
  for (size_t i = 0; i < serving->options.name_count; ++i) {
    PyObject* name = PyTuple_GetItem(serving->kept_names, (Py_ssize_t)i);
    if (ReadText(name, &serving->views[i], "a topic or path") < 0) return -1;
  }
  return 0;
}

/* (queue, waits_on, kind, token, component, names, spec, settings, credit, flags, ordering,
 * batch_max, batch_wait_ns, reply_timeout_ns) */
static int ReadServing(PyObject* tuple, Serving* serving) {
  mecha_serve_options* options = &serving->options;
  unsigned long long token = 0;
  long long batch_wait_ns = 0;
  long long reply_timeout_ns = 0;
  options->struct_size = sizeof *options;
  if (!PyTuple_Check(tuple)) {
    PyErr_SetString(PyExc_TypeError, "a tuple is wanted");
    return -1;
  }
  if (!PyArg_ParseTuple(tuple, "O!OIKOOOOIIIILL", globals.queue, &serving->queue,
                        &serving->waits_on, &options->kind, &token, &serving->component,
                        &serving->names, &serving->spec, &serving->settings, &options->credit,
                        &options->flags, &options->ordering, &options->batch_max, &batch_wait_ns,
                        &reply_timeout_ns)) {
    return -1;
  }
  options->token = token;
  options->batch_wait_ns = batch_wait_ns;
  options->reply_timeout_ns = reply_timeout_ns;
  if (ReadOptionalText(serving->component, &options->component, "component") < 0 ||
      ReadOptionalText(serving->spec, &options->spec, "spec") < 0 || ReadNames(serving) < 0 ||
      ReadPairs(serving->settings, &serving->kept_settings, &serving->pairs,
                &options->setting_count, "settings") < 0) {
    return -1;
  }
  options->settings = serving->pairs;
  return 0;
}

static void FreeServing(Serving* serving) {
  PyMem_Free(serving->views);
  PyMem_Free(serving->pairs);
  Py_XDECREF(serving->kept_names);
  Py_XDECREF(serving->kept_settings);
}

static PyObject* Serve(Invocation* invocation, const Serving* serving) {
  RegistrationObject* self = (RegistrationObject*)Allocate(globals.registration);
  if (self == NULL) return InvocationFail(invocation);
  self->runtime = (RuntimeObject*)Py_NewRef((PyObject*)invocation->runtime);
  self->queue = (QueueObject*)Py_NewRef(serving->queue);
  ++globals.registrations;
  if (InvocationEnter(invocation) < 0) {
    Py_DECREF(self);
    return InvocationFail(invocation);
  }
  mecha_result* result = NULL;
  const mecha_status status =
      mecha_serve(invocation->runtime->handle, &invocation->call, self->queue->handle,
                  &serving->options, &self->handle, &result);
  PyObject* outcome = InvocationLeave(invocation, status, result, (PyObject*)self);
  Py_DECREF(self);
  return outcome;
}

/* serve(runtime, what, **call): the Registration, or a future of it. */
PyObject* ServeWhat(PyObject* module, PyObject* const* values, Py_ssize_t count, PyObject* names) {
  (void)module;
  Invocation invocation;
  Serving serving;
  memset(&serving, 0, sizeof serving);
  if (CheckCount(count, 2, "serve") < 0) return NULL;
  if (!PyObject_TypeCheck(values[0], globals.runtime)) {
    PyErr_SetString(PyExc_TypeError, "runtime must be a Runtime");
    return NULL;
  }
  PyObject* outcome = NULL;
  if (ReadServing(values[1], &serving) == 0) {
    QueueObject* waits_on = serving.waits_on == Py_None ? NULL : (QueueObject*)serving.waits_on;
    InvocationStart(&invocation, (RuntimeObject*)values[0], waits_on, kRegistered);
    if (InvocationRead(&invocation, 0, values + count, names) == 0) {
      outcome = Serve(&invocation, &serving);
    } else {
      InvocationClear(&invocation);
    }
  }
  FreeServing(&serving);
  return outcome;
}

static void RegistrationFree(PyObject* object) {
  RegistrationObject* self = (RegistrationObject*)object;
  mecha_registration_free(self->handle);
  --globals.registrations;
  Py_CLEAR(self->queue);
  Py_CLEAR(self->runtime);
  Free(object);
}

static PyObject* RegistrationCredit(PyObject* self, PyObject* number) {
  const unsigned long credit = PyLong_AsUnsignedLong(number);
  if (PyErr_Occurred()) return NULL;
  const mecha_status status =
      mecha_serve_credit(((RegistrationObject*)self)->handle, (uint32_t)credit);
  if (status != MECHA_OK) return FailPlainly(status, "cannot change the credit: it is stopped");
  Py_RETURN_NONE;
}

/* stop(queue or None, **call): the report, or a future of it. */
static PyObject* RegistrationStop(PyObject* object, PyObject* const* values, Py_ssize_t count,
                                  PyObject* names) {
  RegistrationObject* self = (RegistrationObject*)object;
  Invocation invocation;
  if (CheckCount(count, 1, "stop") < 0) return NULL;
  QueueObject* queue = values[0] == Py_None ? NULL : (QueueObject*)values[0];
  InvocationStart(&invocation, self->runtime, queue, kText);
  if (InvocationRead(&invocation, 0, values + count, names) < 0) {
    return InvocationFail(&invocation);
  }
  INVOKE(&invocation, object, mecha_serve_stop, self->handle);
}

static PyMethodDef registration_methods[] = {
    {"set_credit", RegistrationCredit, METH_O, "How many requests may be open; 0 pauses."},
    {"stop", (PyCFunction)(void (*)(void))RegistrationStop, METH_FASTCALL | METH_KEYWORDS,
     "stop(queue, **call): ends it when its handlers have answered."},
    {NULL, NULL, 0, NULL}};

static PyType_Slot registration_slots[] = {
    {Py_tp_dealloc, RegistrationFree}, {Py_tp_methods, registration_methods}, {0, NULL}};
static PyType_Spec registration_spec = {
    "mecha._mecha.Registration", sizeof(RegistrationObject), 0,
    Py_TPFLAGS_DEFAULT | Py_TPFLAGS_DISALLOW_INSTANTIATION | Py_TPFLAGS_IMMUTABLETYPE,
    registration_slots};

/* --- Request --- */

PyObject* RequestOf(RuntimeObject* runtime, mecha_event* event) {
  RequestObject* self = (RequestObject*)Allocate(globals.event_type);
  if (self == NULL) {
    mecha_result_release(event->result);
    return NULL;
  }
  self->runtime = (RuntimeObject*)Py_NewRef((PyObject*)runtime);
  self->result = event->result;
  self->id = event->id;
  self->token = event->token;
  ++globals.requests;
  return (PyObject*)self;
}

static mecha_status Reply(RequestObject* self, const mecha_reply* reply) {
  const mecha_status status = mecha_request_reply(self->runtime->handle, self->id, reply);
  if (status == MECHA_OK || status == MECHA_GONE) self->is_answered = true;
  return status;
}

static void RequestFree(PyObject* object) {
  RequestObject* self = (RequestObject*)object;
  if (self->runtime != NULL && !self->is_answered) {
    const mecha_reply reply = {.struct_size = sizeof reply, .verdict = MECHA_VERDICT_RETRY};
    Reply(self, &reply);
  }
  mecha_result_release(self->result);
  --globals.requests;
  Py_CLEAR(self->runtime);
  Free(object);
}

static int ReadEntries(PyObject* object, mecha_entry_verdict** entries, size_t* count) {
  PyObject* tuple = PySequence_Tuple(object);
  if (tuple == NULL) return -1;
  *count = (size_t)PyTuple_Size(tuple);
  *entries = PyMem_Calloc(*count + 1, sizeof(mecha_entry_verdict));
  int status = *entries == NULL ? -1 : 0;
  if (status < 0) PyErr_NoMemory();
  for (size_t i = 0; status == 0 && i < *count; ++i) {
    mecha_entry_verdict* entry = &(*entries)[i];
    long long retry_after_ns = 0;
    if (!PyArg_ParseTuple(PyTuple_GetItem(tuple, (Py_ssize_t)i), "IIL", &entry->index,
                          &entry->verdict, &retry_after_ns)) {
      status = -1;
    }
    entry->retry_after_ns = retry_after_ns;
  }
  Py_DECREF(tuple);
  return status;
}

/* answer(verdict, retry_after_ns, entries or None): the status. */
static PyObject* RequestAnswer(PyObject* object, PyObject* arguments) {
  mecha_reply reply = {.struct_size = sizeof reply};
  long long retry_after_ns = 0;
  PyObject* entries = NULL;
  if (!PyArg_ParseTuple(arguments, "ILO", &reply.verdict, &retry_after_ns, &entries)) return NULL;
  reply.retry_after_ns = retry_after_ns;
  mecha_entry_verdict* verdicts = NULL;
  if (entries != Py_None && ReadEntries(entries, &verdicts, &reply.entry_count) < 0) {
    PyMem_Free(verdicts);
    return NULL;
  }
  reply.entries = verdicts;
  const mecha_status status = Reply((RequestObject*)object, &reply);
  PyMem_Free(verdicts);
  return PyLong_FromLong(status);
}

static PyObject* RequestCheck(PyObject* object, PyObject* nothing) {
  (void)nothing;
  const RequestObject* self = (RequestObject*)object;
  return PyLong_FromLong(mecha_request_cancelled(self->runtime->handle, self->id));
}

static PyObject* RequestExtend(PyObject* object, PyObject* seconds) {
  const RequestObject* self = (RequestObject*)object;
  int64_t by_ns = 0;
  if (ReadSeconds(seconds, &by_ns, "the time to extend by") < 0) return NULL;
  const mecha_status status = mecha_request_extend(self->runtime->handle, self->id, by_ns);
  if (status != MECHA_OK) return FailPlainly(status, "the event is not open any more");
  Py_RETURN_NONE;
}

/* read(index): what the request, or one entry of a batch, says of itself. */
static PyObject* RequestRead(PyObject* object, PyObject* index) {
  const size_t which = PyLong_AsSize_t(index);
  if (PyErr_Occurred()) return NULL;
  mecha_request_info info = {.struct_size = sizeof info};
  const mecha_status status = mecha_request_read(((RequestObject*)object)->result, which, &info);
  if (status == MECHA_OUT_OF_RANGE) {
    PyErr_SetString(PyExc_IndexError, "there is no such message in the batch");
    return NULL;
  }
  if (status != MECHA_OK) return FailPlainly(status, "cannot read the event");
  return Py_BuildValue("(IIILLLNNNNNNNNN)", info.kind, info.flags, info.attempt,
                       (long long)info.remaining_ns, (long long)info.lease_ns,
                       (long long)info.enqueued_unix_ms, TextOf(info.component), TextOf(info.topic),
                       TextOf(info.path), TextOf(info.message_id), TextOf(info.ordering_key),
                       TextOf(info.content_type), OptionalTextOf(info.traceparent),
                       OptionalTextOf(info.tracestate), OptionalTextOf(info.subscription));
}

/* metadata(index): list of (key, value). */
static PyObject* RequestMetadata(PyObject* object, PyObject* index) {
  const RequestObject* self = (RequestObject*)object;
  const size_t message = PyLong_AsSize_t(index);
  if (PyErr_Occurred()) return NULL;
  PyObject* list = PyList_New(0);
  mecha_kv entry;
  for (size_t i = 0; list != NULL; ++i) {
    if (mecha_request_metadata(self->result, message, i, &entry) != MECHA_OK) break;
    PyObject* pair = Py_BuildValue("(NN)", TextOf(entry.key), BytesOf(entry.value));
    if (pair == NULL || PyList_Append(list, pair) < 0) Py_CLEAR(list);
    Py_XDECREF(pair);
  }
  return list;
}

static PyObject* RequestItem(PyObject* object, PyObject* index) {
  const size_t which = PyLong_AsSize_t(index);
  if (PyErr_Occurred()) return NULL;
  return ItemOf(mecha_result_retain(((RequestObject*)object)->result), which);
}

static PyObject* RequestCount(PyObject* object, void* closure) {
  (void)closure;
  mecha_result_info info = {.struct_size = sizeof info};
  mecha_result_read(((RequestObject*)object)->result, &info);
  return PyLong_FromSize_t(info.count);
}
static PyObject* RequestId(PyObject* object, void* closure) {
  (void)closure;
  return PyLong_FromUnsignedLongLong(((RequestObject*)object)->id);
}
static PyObject* RequestToken(PyObject* object, void* closure) {
  (void)closure;
  return PyLong_FromUnsignedLongLong(((RequestObject*)object)->token);
}
static PyObject* RequestIsAnswered(PyObject* object, void* closure) {
  (void)closure;
  return PyBool_FromLong(((RequestObject*)object)->is_answered);
}

static PyMethodDef request_methods[] = {
    {"answer", RequestAnswer, METH_VARARGS, "answer(verdict, retry_after_ns, entries): status."},
    {"check", RequestCheck, METH_NOARGS, "OK, CANCELLED or GONE, as a number."},
    {"extend", RequestExtend, METH_O, "Gives it so many more seconds before its reply timeout."},
    {"read", RequestRead, METH_O, "What message `index` says of itself, as a tuple."},
    {"metadata_of", RequestMetadata, METH_O, "(key, value) of each entry of message `index`."},
    {"item_at", RequestItem, METH_O, "The body of message `index`, as an Item."},
    {NULL, NULL, 0, NULL}};

static PyGetSetDef request_attributes[] = {
    {"count", RequestCount, NULL, "How many messages: 1 unless it is a batch.", NULL},
    {"request_id", RequestId, NULL, "The request's id.", NULL},
    {"token", RequestToken, NULL, "Its registration's token.", NULL},
    {"is_answered", RequestIsAnswered, NULL, "True after an answer was given here.", NULL},
    {NULL, NULL, NULL, NULL, NULL}};

static PyType_Slot request_slots[] = {{Py_tp_dealloc, RequestFree},
                                      {Py_tp_methods, request_methods},
                                      {Py_tp_getset, request_attributes},
                                      {0, NULL}};
static PyType_Spec request_spec = {
    "mecha._mecha.Request", sizeof(RequestObject), 0,
    Py_TPFLAGS_DEFAULT | Py_TPFLAGS_DISALLOW_INSTANTIATION | Py_TPFLAGS_BASETYPE, request_slots};

int ServeReady(PyObject* module) {
  globals.registration = AddType(module, &registration_spec, NULL);
  globals.request = AddType(module, &request_spec, NULL);
  return globals.registration == NULL || globals.request == NULL ? -1 : 0;
}
