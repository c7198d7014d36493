/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of the extension module share: its objects, and how an operation is run. It is not
 * the library's C API, and says nothing that Python code could see.
 *
 * Threads: every function here wants the GIL; what blocks gives it away while it does. Ownership is
 * Python's: an object holds references to what it needs, so handles are freed last. */
#ifndef MECHA_PYTHON_BINDING_H
#define MECHA_PYTHON_BINDING_H

#define PY_SSIZE_T_CLEAN
#define Py_LIMITED_API 0x030B0000
#include <Python.h>
#include <mecha/mecha.h>
#include <stdbool.h>

typedef struct {
  PyObject_HEAD mecha_runtime* handle;
} RuntimeObject;

/* A result, or one item of it: `index` is MECHA_RESULT_WHOLE for the former. */
typedef struct {
  PyObject_HEAD mecha_result* result;
  size_t index;
} ResultObject;

/* What a completed operation becomes. */
typedef enum {
  kNothing,
  kValue,     /* Item, or None for an absent key */
  kItems,     /* list of Item */
  kEtag,      /* str */
  kPage,      /* (list of str, next) */
  kMatches,   /* (list of Item, next) */
  kSecret,    /* dict, or None */
  kSecrets,   /* dict of dicts */
  kText,      /* str: item 0's value */
  kRegistered /* the Registration that the slot holds */
} Kind;

/* One operation that reports to a queue. Free ones are chained by `next`. */
typedef struct {
  PyObject* future; /* NULL: nobody waits any more */
  PyObject* kept;   /* lives until the event; NULL: nothing */
  mecha_op op;
  Kind kind;
  uint32_t next;
} Slot;

typedef struct {
  PyObject_HEAD RuntimeObject* runtime;
  mecha_queue* handle;
  PyObject* create_future; /* a loop's; NULL: no operation may report here */
  Slot* slots;
  uint32_t slot_count;
  uint32_t free_slot;
  bool is_woken; /* by `wake`; the next wait that ends takes it */
} QueueObject;

/* A component by name: State, Secrets, PubSub. */
typedef struct {
  PyObject_HEAD RuntimeObject* runtime;
  QueueObject* queue; /* NULL: its operations block */
  PyObject* name;
  mecha_view name_view;
  bool never_waits; /* memory only: not worth giving the GIL away */
} ComponentObject;

typedef struct {
  PyObject_HEAD RuntimeObject* runtime;
  QueueObject* queue; /* its requests go there: it outlives the registration */
  mecha_registration* handle;
} RegistrationObject;

typedef struct {
  PyObject_HEAD RuntimeObject* runtime;
  mecha_result* result;
  mecha_request id;
  uint64_t token;
  bool is_answered;
} RequestObject;

/* What a context variable carries: on whose behalf operations run. */
typedef struct {
  PyObject_HEAD RequestObject* request; /* NULL: none */
  PyObject* texts[3];                   /* traceparent, tracestate, baggage; NULL: absent */
} ScopeObject;

typedef struct {
  PyTypeObject *runtime, *result, *item, *queue, *state, *secrets, *pubsub, *registration, *request,
      *scope;
  PyObject* make_error; /* (status, message, retryable, Result or None) -> exception */
  PyObject* scope_get;  /* ContextVar.get; called only after scope_is_used */
  PyTypeObject *event_type, *item_type; /* subclasses of request and item */
  bool scope_is_used;
  unsigned long main_thread; /* where handlers of signals run */
  /* Objects that hold something of the library: for tests that look for leaks. */
  Py_ssize_t results, requests, queues, registrations, runtimes;
} Globals;
extern Globals globals;

/* Keywords of operations, as bits of what a verb takes. */
enum {
  kTakesCall = 1u << 0, /* timeout, metadata, trace, within, retry, ... */
  kTakesConsistency = 1u << 1,
  kTakesWrite = 1u << 2, /* etag, first_write */
  kTakesStore = 1u << 3, /* content_type, ttl */
  kTakesPage = 1u << 4,  /* limit, page */
  kTakesAtomic = 1u << 5
};

/* One operation from its arguments to its end; on the stack of one call. */
typedef struct {
  RuntimeObject* runtime;
  QueueObject* queue; /* NULL: blocks */
  bool keeps_gil;
  bool wants_inline;
  bool is_inside_pool;
  PyThreadState* thread;
  uint32_t slot;
  Kind kind;
  mecha_call call;
  mecha_retry retry;
  PyObject* kept[4]; /* what the views point into */
  int kept_count;
  mecha_kv* pairs; /* of the call's metadata */
  uint32_t consistency;
  uint32_t flags;
  mecha_view etag, content_type, page;
  int64_t ttl_ms;
  uint32_t limit;
  bool is_independent;
} Invocation;

/* invocation.c */
void InvocationStart(Invocation* invocation, RuntimeObject* runtime, QueueObject* queue, Kind kind);
int InvocationRead(Invocation* invocation, uint32_t takes, PyObject* const* values,
                   PyObject* names);
/* Before and after the C function. Enter fails with a Python error. */
int InvocationEnter(Invocation* invocation);
PyObject* InvocationLeave(Invocation* invocation, mecha_status status, mecha_result* result,
                          PyObject* kept);
void InvocationClear(Invocation* invocation);
PyObject* InvocationFail(Invocation* invocation);
/* Returns from a method with the outcome of one C function. */
#define INVOKE(invocation, kept, function, ...)                                                    \
  do {                                                                                             \
    mecha_result* invoke_result = NULL;                                                            \
    if (InvocationEnter(invocation) < 0) return InvocationFail(invocation);                        \
    const mecha_status invoke_status =                                                             \
        function((invocation)->runtime->handle, &(invocation)->call, __VA_ARGS__, &invoke_result); \
    return InvocationLeave(invocation, invoke_status, invoke_result, (PyObject*)(kept));           \
  } while (0)
extern const char kPoolDocumentation[];
PyObject* SetPoolOfThread(PyObject* module, PyObject* grow);

/* keywords.c */
int KeywordsIntern(void);
int KeywordRead(Invocation* invocation, uint32_t takes, PyObject* name, PyObject* value);

/* text.c */
int ReadText(PyObject* object, mecha_view* view, const char* what);
int ReadOptionalText(PyObject* object, mecha_view* view, const char* what);
/* Bytes or text; `buffer` is to be released when its obj is set. */
/* `what` names the argument in the error, and `json_verb` what takes a dict. */
int ReadBytes(PyObject* object, Py_buffer* buffer, mecha_view* view, const char* what,
              const char* json_verb);
int ReadSeconds(PyObject* object, int64_t* nanoseconds, const char* what);
/* A mapping or pairs of text and bytes: `kept` lives as long as `pairs`, which is freed. */
int ReadPairs(PyObject* object, PyObject** kept, mecha_kv** pairs, size_t* count, const char* what);
/* What `object` holds as a tuple. `wanted` is the error when it holds nothing: "keys must be ..."
 */
PyObject* ReadSeveral(PyObject* object, const char* wanted);
PyObject* TextOf(mecha_view view);         /* str, "" when absent */
PyObject* OptionalTextOf(mecha_view view); /* str or None */
PyObject* BytesOf(mecha_view view);
int CheckCount(Py_ssize_t given, Py_ssize_t wanted, const char* what);

/* result.c */
PyObject* ItemOf(mecha_result* result, size_t index);                    /* takes the reference */
PyObject* ResultOf(mecha_result* result);                                /* takes the reference */
PyObject* Convert(mecha_status status, mecha_result* result, Kind kind); /* takes it */
PyObject* ExceptionOf(mecha_status status, mecha_result* result, size_t index); /* borrows */
PyObject* Fail(mecha_status status, mecha_result* result); /* takes it; always NULL */
PyObject* FailPlainly(mecha_status status, const char* message);
PyObject* FailWith(mecha_status status, mecha_error* error); /* takes the error */

/* queue.c */
int64_t QueueTakeSlot(QueueObject* queue, Kind kind); /* -1: no memory, with a Python error */
void QueueFreeSlot(QueueObject* queue, uint32_t slot);

/* serve.c */
PyObject* RequestOf(RuntimeObject* runtime, mecha_event* event); /* takes the result */

/* The types; each adds itself to the module. */
int RuntimeReady(PyObject* module);
int ResultReady(PyObject* module);
int QueueReady(PyObject* module);
int StateReady(PyObject* module);
int ComponentsReady(PyObject* module);
int ServeReady(PyObject* module);
int ScopeReady(PyObject* module);
PyObject* RuntimeOpen(PyObject* module, PyObject* arguments);
PyTypeObject* AddType(PyObject* module, PyType_Spec* spec, PyTypeObject* parent);
PyObject* Allocate(PyTypeObject* type);
void Free(PyObject* self);
PyObject* ComponentNew(PyTypeObject* type, PyObject* arguments, PyObject* keywords);
void ComponentFree(PyObject* self);

#endif
