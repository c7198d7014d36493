/* SPDX-License-Identifier: Apache-2.0 */
/* Secrets and PubSub, and what they share with State: a component by name. */
#include <string.h>

#include "binding.h"

/* (runtime, queue or None, name, never_waits) */
PyObject* ComponentNew(PyTypeObject* type, PyObject* arguments, PyObject* keywords) {
  PyObject *runtime, *queue, *name;
  int never_waits = 0;
  if (keywords != NULL && PyDict_Size(keywords) != 0) {
    PyErr_SetString(PyExc_TypeError, "takes no keyword arguments");
    return NULL;
  }
  mecha_view view;
  if (!PyArg_ParseTuple(arguments, "O!OO|p", globals.runtime, &runtime, &queue, &name,
                        &never_waits) ||
      ReadText(name, &view, "a component's name") < 0) {
    return NULL;
  }
  if (queue != Py_None && !PyObject_TypeCheck(queue, globals.queue)) {
    PyErr_SetString(PyExc_TypeError, "queue must be a Queue or None");
    return NULL;
  }
  ComponentObject* self = (ComponentObject*)Allocate(type);
  if (self == NULL) return NULL;
  self->runtime = (RuntimeObject*)Py_NewRef(runtime);
  self->queue = queue == Py_None ? NULL : (QueueObject*)Py_NewRef(queue);
  self->name = Py_NewRef(name);
  self->name_view = view;
  self->never_waits = never_waits != 0;
  return (PyObject*)self;
}

void ComponentFree(PyObject* object) {
  ComponentObject* self = (ComponentObject*)object;
  Py_CLEAR(self->queue);
  Py_CLEAR(self->runtime);
  Py_CLEAR(self->name);
  Free(object);
}

static int Begin(Invocation* invocation, PyObject* self, Kind kind, PyObject* const* values,
                 PyObject* names) {
  ComponentObject* component = (ComponentObject*)self;
  InvocationStart(invocation, component->runtime, component->queue, kind);
  return InvocationRead(invocation, 0, values, names);
}

/* --- Secrets --- */

static PyObject* SecretsGet(PyObject* self, PyObject* const* values, Py_ssize_t count,
                            PyObject* names) {
  Invocation invocation;
  mecha_view name;
  if (CheckCount(count, 1, "get") < 0 || ReadText(values[0], &name, "name") < 0) return NULL;
  if (Begin(&invocation, self, kSecret, values + count, names) < 0) {
    return InvocationFail(&invocation);
  }
  const mecha_secret_get_options options = {.struct_size = sizeof options};
  INVOKE(&invocation, NULL, mecha_secret_get, ((ComponentObject*)self)->name_view, name, &options);
}

static PyObject* SecretsList(PyObject* self, PyObject* const* values, Py_ssize_t count,
                             PyObject* names) {
  Invocation invocation;
  if (CheckCount(count, 0, "list") < 0) return NULL;
  if (Begin(&invocation, self, kSecrets, values + count, names) < 0) {
    return InvocationFail(&invocation);
  }
  const mecha_secret_list_options options = {.struct_size = sizeof options};
  INVOKE(&invocation, NULL, mecha_secret_list, ((ComponentObject*)self)->name_view, &options);
}

#define METHOD(name, function, text) \
  { name, (PyCFunction)(void (*)(void))function, METH_FASTCALL | METH_KEYWORDS, text }
static PyMethodDef secrets_methods[] = {
    METHOD("get", SecretsGet, "get(name, **call): a dict, or None."),
    METHOD("list", SecretsList, "list(**call): a dict of dicts."),
    {NULL, NULL, 0, NULL}};

static PyType_Slot secrets_slots[] = {{Py_tp_new, ComponentNew},
                                      {Py_tp_dealloc, ComponentFree},
                                      {Py_tp_methods, secrets_methods},
                                      {0, NULL}};
static PyType_Spec secrets_spec = {"mecha._mecha.Secrets", sizeof(ComponentObject), 0,
                                   Py_TPFLAGS_DEFAULT | Py_TPFLAGS_BASETYPE, secrets_slots};

/* --- PubSub --- */

typedef struct {
  mecha_message* messages;
  Py_buffer* buffers;
  mecha_kv** pairs;
  PyObject* kept;
  size_t count;
} Messages;

static void FreeMessages(Messages* messages) {
  for (size_t i = 0; i < messages->count; ++i) {
    if (messages->buffers != NULL && messages->buffers[i].obj != NULL) {
      PyBuffer_Release(&messages->buffers[i]);
    }
    if (messages->pairs != NULL) PyMem_Free(messages->pairs[i]);
  }
  PyMem_Free(messages->messages);
  PyMem_Free(messages->buffers);
  PyMem_Free(messages->pairs);
  Py_XDECREF(messages->kept);
}

/* A message is (data, content_type, id, key, ttl_ms, raw, metadata); data None: an event without.
 */
static int ReadMessage(PyObject* tuple, Messages* messages, size_t index) {
  mecha_message* message = &messages->messages[index];
  PyObject *data, *content_type, *id, *key, *metadata;
  PyObject* kept = NULL;
  int is_raw = 0;
  long long ttl_ms = 0;
  if (!PyTuple_Check(tuple)) {
    PyErr_Format(PyExc_TypeError, "a message must be a Message, not %R", Py_TYPE(tuple));
    return -1;
  }
  if (!PyArg_ParseTuple(tuple, "OOOOLpO", &data, &content_type, &id, &key, &ttl_ms, &is_raw,
                        &metadata) ||
      ReadOptionalText(content_type, &message->content_type, "content_type") < 0 ||
      ReadOptionalText(id, &message->id, "id") < 0 ||
      ReadOptionalText(key, &message->key, "key") < 0 ||
      ReadPairs(metadata, &kept, &messages->pairs[index], &message->metadata_count, "metadata") <
          0) {
    Py_XDECREF(kept);
    return -1;
  }
  message->metadata = messages->pairs[index];
  message->ttl_ms = ttl_ms;
  message->flags = is_raw ? MECHA_MESSAGE_RAW : 0;
  const int is_kept = kept == NULL ? 0 : PyList_Append(messages->kept, kept);
  Py_XDECREF(kept);
  if (is_kept < 0 || data == Py_None) return is_kept;
  mecha_view view;
  if (ReadBytes(data, &messages->buffers[index], &view, "data", "publish_json") < 0) return -1;
  message->data.data = view.data;
  message->data.size = view.size;
  return 0;
}

static int ReadMessages(PyObject* object, Messages* messages) {
  PyObject* tuple = ReadSeveral(object, "messages must be several Message");
  if (tuple == NULL) return -1;
  messages->count = (size_t)PyTuple_Size(tuple);
  messages->messages = PyMem_Calloc(messages->count + 1, sizeof(mecha_message));
  messages->buffers = PyMem_Calloc(messages->count + 1, sizeof(Py_buffer));
  messages->pairs = PyMem_Calloc(messages->count + 1, sizeof(mecha_kv*));
  messages->kept = PyList_New(0);
  int status = 0;
  if (messages->messages == NULL || messages->buffers == NULL || messages->pairs == NULL ||
      messages->kept == NULL) {
    PyErr_NoMemory();
    status = -1;
  }
  if (status == 0) status = PyList_Append(messages->kept, tuple);
  for (size_t i = 0; status == 0 && i < messages->count; ++i) {
    status = ReadMessage(PyTuple_GetItem(tuple, (Py_ssize_t)i), messages, i);
  }
  Py_DECREF(tuple);
  return status;
}

static PyObject* Publish(Invocation* invocation, ComponentObject* component, mecha_view topic,
                         const Messages* messages) {
  const mecha_publish_options options = {.struct_size = sizeof options};
  INVOKE(invocation, NULL, mecha_publish, component->name_view, topic, messages->messages,
         messages->count, &options);
}

/* publish_all(topic, messages, **call) */
static PyObject* PubSubPublish(PyObject* self, PyObject* const* values, Py_ssize_t count,
                               PyObject* names) {
  Invocation invocation;
  mecha_view topic;
  if (CheckCount(count, 2, "publish_all") < 0 || ReadText(values[0], &topic, "topic") < 0) {
    return NULL;
  }
  if (Begin(&invocation, self, kItems, values + count, names) < 0) {
    return InvocationFail(&invocation);
  }
  Messages messages = {NULL, NULL, NULL, NULL, 0};
  PyObject* outcome = NULL;
  if (ReadMessages(values[1], &messages) == 0) {
    outcome = Publish(&invocation, (ComponentObject*)self, topic, &messages);
  } else {
    InvocationClear(&invocation);
  }
  FreeMessages(&messages);
  return outcome;
}

static PyMethodDef pubsub_methods[] = {
    METHOD("publish_all", PubSubPublish, "publish_all(topic, messages, **call): an Item each."),
    {NULL, NULL, 0, NULL}};

static PyType_Slot pubsub_slots[] = {{Py_tp_new, ComponentNew},
                                     {Py_tp_dealloc, ComponentFree},
                                     {Py_tp_methods, pubsub_methods},
                                     {0, NULL}};
static PyType_Spec pubsub_spec = {"mecha._mecha.PubSub", sizeof(ComponentObject), 0,
                                  Py_TPFLAGS_DEFAULT | Py_TPFLAGS_BASETYPE, pubsub_slots};

int ComponentsReady(PyObject* module) {
  globals.secrets = AddType(module, &secrets_spec, NULL);
  globals.pubsub = AddType(module, &pubsub_spec, NULL);
  return globals.secrets == NULL || globals.pubsub == NULL ? -1 : 0;
}
