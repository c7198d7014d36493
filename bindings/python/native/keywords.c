/* SPDX-License-Identifier: Apache-2.0 */
/* The keyword arguments of operations: one table, so that every verb spells them alike. */
#include <math.h>

#include "binding.h"

typedef int (*Reader)(Invocation* invocation, PyObject* value);

static int ReadTimeout(Invocation* invocation, PyObject* value) {
  if (value == Py_None) {
    invocation->call.timeout_ns = -1;
    return 0;
  }
  if (ReadSeconds(value, &invocation->call.timeout_ns, "timeout") < 0) return -1;
  if (invocation->call.timeout_ns == 0) invocation->call.timeout_ns = 1; /* 0 is the default */
  if (invocation->call.timeout_ns == INT64_MAX) invocation->call.timeout_ns = -1;
  return 0;
}

static int ReadFlag(PyObject* value, uint32_t* flags, uint32_t flag) {
  const int is_true = PyObject_IsTrue(value);
  if (is_true < 0) return -1;
  *flags = is_true ? *flags | flag : *flags & ~flag;
  return 0;
}

static int ReadIdempotent(Invocation* invocation, PyObject* value) {
  return ReadFlag(value, &invocation->call.flags, MECHA_CALL_IDEMPOTENT);
}

static int ReadInline(Invocation* invocation, PyObject* value) {
  const int is_true = PyObject_IsTrue(value);
  invocation->wants_inline = is_true > 0;
  return is_true < 0 ? -1 : 0;
}

static int ReadMetadata(Invocation* invocation, PyObject* value) {
  if (invocation->pairs != NULL) return 0; /* given twice: the caller's own mistake */
  PyObject* kept = NULL;
  const int status =
      ReadPairs(value, &kept, &invocation->pairs, &invocation->call.metadata_count, "metadata");
  if (kept != NULL) invocation->kept[invocation->kept_count++] = kept;
  invocation->call.metadata = invocation->pairs;
  return status;
}

static int ReadNumber(PyObject* object, const char* name, int64_t* number) {
  PyObject* value = PyObject_GetAttrString(object, name);
  if (value == NULL) return -1;
  *number = PyLong_AsLongLong(value);
  Py_DECREF(value);
  return PyErr_Occurred() ? -1 : 0;
}

static int ReadInterval(PyObject* object, const char* name, int64_t* interval_ns) {
  PyObject* value = PyObject_GetAttrString(object, name);
  if (value == NULL) return -1;
  const int status = ReadSeconds(value, interval_ns, name);
  Py_DECREF(value);
  return status;
}

static int ReadRetry(Invocation* invocation, PyObject* value) {
  if (value == Py_None) return 0;
  if (!PyObject_HasAttrString(value, "max_interval")) {
    PyErr_Format(PyExc_TypeError, "retry must be a RetryPolicy or None, not %R", Py_TYPE(value));
    return -1;
  }
  mecha_retry* retry = &invocation->retry;
  int64_t pattern = 0;
  int64_t limit = 0;
  if (ReadNumber(value, "pattern", &pattern) < 0 || ReadNumber(value, "limit", &limit) < 0 ||
      ReadInterval(value, "interval", &retry->interval_ns) < 0 ||
      ReadInterval(value, "max_interval", &retry->max_interval_ns) < 0) {
    return -1;
  }
  retry->struct_size = sizeof *retry;
  retry->pattern = (uint32_t)pattern;
  retry->limit = limit > INT32_MAX ? INT32_MAX : (int32_t)limit;
  invocation->call.retry = retry;
  return 0;
}

static int ReadWithin(Invocation* invocation, PyObject* value) {
  if (value == Py_None) {
    invocation->call.within = 0;
    return 0;
  }
  if (PyObject_TypeCheck(value, globals.request)) {
    invocation->call.within = ((RequestObject*)value)->id;
    return 0;
  }
  PyErr_Format(PyExc_TypeError, "within must be an event or None, not %R", Py_TYPE(value));
  return -1;
}

static int ReadTraceparent(Invocation* invocation, PyObject* value) {
  return ReadOptionalText(value, &invocation->call.traceparent, "traceparent");
}
static int ReadTracestate(Invocation* invocation, PyObject* value) {
  return ReadOptionalText(value, &invocation->call.tracestate, "tracestate");
}
static int ReadBaggage(Invocation* invocation, PyObject* value) {
  return ReadOptionalText(value, &invocation->call.baggage, "baggage");
}
static int ReadIdempotencyKey(Invocation* invocation, PyObject* value) {
  return ReadOptionalText(value, &invocation->call.idempotency_key, "idempotency_key");
}
static int ReadEtag(Invocation* invocation, PyObject* value) {
  return ReadOptionalText(value, &invocation->etag, "etag");
}
static int ReadContentType(Invocation* invocation, PyObject* value) {
  return ReadOptionalText(value, &invocation->content_type, "content_type");
}
static int ReadPageToken(Invocation* invocation, PyObject* value) {
  return ReadOptionalText(value, &invocation->page, "page");
}

static int ReadConsistency(Invocation* invocation, PyObject* value) {
  if (!PyLong_Check(value)) {
    PyErr_Format(PyExc_TypeError, "consistency must be a Consistency, not %R", Py_TYPE(value));
    return -1;
  }
  const long number = PyLong_AsLong(value);
  if (number == -1 && PyErr_Occurred()) return -1;
  invocation->consistency = (uint32_t)number;
  return 0;
}

static int ReadFirstWrite(Invocation* invocation, PyObject* value) {
  return ReadFlag(value, &invocation->flags, MECHA_STATE_FIRST_WRITE);
}

static int ReadLimit(Invocation* invocation, PyObject* value) {
  if (!PyLong_Check(value)) {
    PyErr_Format(PyExc_TypeError, "limit must be an int, not %R", Py_TYPE(value));
    return -1;
  }
  const unsigned long number = PyLong_AsUnsignedLong(value);
  if (PyErr_Occurred()) return -1;
  invocation->limit = number > UINT32_MAX ? UINT32_MAX : (uint32_t)number;
  return 0;
}

static int ReadAtomic(Invocation* invocation, PyObject* value) {
  const int is_true = PyObject_IsTrue(value);
  invocation->is_independent = is_true == 0;
  return is_true < 0 ? -1 : 0;
}

/* None: the default. Infinite: never expires. Else it lives at least so long. */
static int ReadTtl(Invocation* invocation, PyObject* value) {
  if (value == Py_None) return 0;
  int64_t nanoseconds = 0;
  if (ReadSeconds(value, &nanoseconds, "ttl") < 0) return -1;
  if (nanoseconds == 0) {
    PyErr_SetString(PyExc_ValueError, "ttl must be above zero; None is the component's default");
    return -1;
  }
  invocation->ttl_ms = nanoseconds == INT64_MAX ? -1 : (nanoseconds + 999999) / 1000000;
  return 0;
}

static struct {
  const char* text;
  uint32_t takes;
  Reader read;
  PyObject* name; /* interned */
} keywords[] = {
    {"timeout", kTakesCall, ReadTimeout, NULL},
    {"etag", kTakesWrite, ReadEtag, NULL},
    {"first_write", kTakesWrite, ReadFirstWrite, NULL},
    {"content_type", kTakesStore, ReadContentType, NULL},
    {"ttl", kTakesStore, ReadTtl, NULL},
    {"consistency", kTakesConsistency, ReadConsistency, NULL},
    {"inline", kTakesCall, ReadInline, NULL},
    {"limit", kTakesPage, ReadLimit, NULL},
    {"page", kTakesPage, ReadPageToken, NULL},
    {"atomic", kTakesAtomic, ReadAtomic, NULL},
    {"metadata", kTakesCall, ReadMetadata, NULL},
    {"retry", kTakesCall, ReadRetry, NULL},
    {"idempotent", kTakesCall, ReadIdempotent, NULL},
    {"idempotency_key", kTakesCall, ReadIdempotencyKey, NULL},
    {"within", kTakesCall, ReadWithin, NULL},
    {"traceparent", kTakesCall, ReadTraceparent, NULL},
    {"tracestate", kTakesCall, ReadTracestate, NULL},
    {"baggage", kTakesCall, ReadBaggage, NULL},
};
enum { kKeywordCount = sizeof keywords / sizeof keywords[0] };

int KeywordsIntern(void) {
  for (int i = 0; i < kKeywordCount; ++i) {
    keywords[i].name = PyUnicode_InternFromString(keywords[i].text);
    if (keywords[i].name == NULL) return -1;
  }
  return 0;
}

int KeywordRead(Invocation* invocation, uint32_t takes, PyObject* name, PyObject* value) {
  for (int i = 0; i < kKeywordCount; ++i) { /* names in calls are interned, nearly always */
    if (keywords[i].name == name && (keywords[i].takes & takes) != 0) {
      return keywords[i].read(invocation, value);
    }
  }
  for (int i = 0; i < kKeywordCount; ++i) {
    if ((keywords[i].takes & takes) == 0) continue;
    if (PyUnicode_Compare(keywords[i].name, name) == 0) return keywords[i].read(invocation, value);
  }
  if (!PyErr_Occurred()) PyErr_Format(PyExc_TypeError, "unexpected keyword argument %R", name);
  return -1;
}
