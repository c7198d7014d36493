// SPDX-License-Identifier: Apache-2.0
// Written by bindings/rust/generate_bindings.py from include/mecha/*.h. Do not edit.
//! Compares the bindings with what C compilers measured: tests/abi/golden of the repository.
//! Outside of it there is nothing to compare with.
#![cfg_attr(rustfmt, rustfmt_skip)]
use mecha_sys::*;
use std::mem::{align_of, size_of, MaybeUninit};
use std::ptr::addr_of;

fn lines(file: &str) -> Vec<String> {
    let path = format!("{}/../../../tests/abi/golden/{}", env!("CARGO_MANIFEST_DIR"), file);
    match std::fs::read_to_string(&path) {
        Ok(text) => text.lines().map(str::to_owned).collect(),
        Err(_) => Vec::new(),
    }
}

macro_rules! structure {
    ($out:ident, $name:ident, $($field:ident),+) => {
        $out.push((stringify!($name), "", size_of::<$name>(), align_of::<$name>()));
        let memory = MaybeUninit::<$name>::zeroed();
        let start = memory.as_ptr();
        $(
            let (offset, size) = unsafe {
                let field = addr_of!((*start).$field);
                (field as usize - start as usize, size_of_val_at(field))
            };
            $out.push((stringify!($name), stringify!($field), offset, size));
        )+
    };
}

fn size_of_val_at<T>(_: *const T) -> usize {
    size_of::<T>()
}

/// Name, field or nothing, and two numbers.
type Row = (&'static str, &'static str, usize, usize);

fn structures() -> Vec<Row> {
    let mut out = Vec::new();
    structure!(
        out,
        mecha_view,
        data,
        size
    );
    structure!(
        out,
        mecha_kv,
        key,
        value
    );
    structure!(
        out,
        mecha_buf,
        data,
        size,
        release,
        ctx
    );
    structure!(
        out,
        mecha_retry,
        struct_size,
        pattern,
        interval_ns,
        max_interval_ns,
        limit,
        reserved
    );
    structure!(
        out,
        mecha_call,
        struct_size,
        flags,
        queue,
        token,
        op,
        timeout_ns,
        metadata,
        metadata_count,
        traceparent,
        tracestate,
        baggage,
        within,
        retry,
        idempotency_key,
        interrupted,
        user
    );
    structure!(
        out,
        mecha_event,
        kind,
        status,
        token,
        id,
        result,
        object,
        reserved
    );
    structure!(
        out,
        mecha_item,
        struct_size,
        status,
        flags,
        reserved,
        group,
        key,
        value,
        etag,
        content_type,
        number,
        expires_unix_ms
    );
    structure!(
        out,
        mecha_result_info,
        struct_size,
        status,
        code,
        flags,
        count,
        page,
        number,
        stream
    );
    structure!(
        out,
        mecha_runtime_options,
        struct_size,
        api_version,
        flags,
        reserved,
        app_id,
        name_space,
        resource_paths,
        resource_path_count,
        resource_texts,
        resource_text_count,
        settings,
        setting_count,
        thread_started,
        thread_stopping,
        user
    );
    structure!(
        out,
        mecha_queue_options,
        struct_size,
        flags,
        max_inflight,
        reserved,
        deliver,
        user
    );
    structure!(
        out,
        mecha_state_op,
        kind,
        flags,
        key,
        value,
        etag,
        content_type,
        ttl_ms,
        metadata,
        metadata_count,
        reserved
    );
    structure!(
        out,
        mecha_state_get_options,
        struct_size,
        consistency
    );
    structure!(
        out,
        mecha_state_set_options,
        struct_size,
        flags,
        consistency,
        reserved,
        etag,
        content_type,
        ttl_ms
    );
    structure!(
        out,
        mecha_state_delete_options,
        struct_size,
        flags,
        consistency,
        reserved,
        etag
    );
    structure!(
        out,
        mecha_state_apply_options,
        struct_size,
        atomic,
        consistency,
        reserved
    );
    structure!(
        out,
        mecha_state_list_options,
        struct_size,
        limit,
        page
    );
    structure!(
        out,
        mecha_state_query_options,
        struct_size,
        limit,
        page
    );
    structure!(
        out,
        mecha_secret_get_options,
        struct_size,
        reserved
    );
    structure!(
        out,
        mecha_secret_list_options,
        struct_size,
        reserved
    );
    structure!(
        out,
        mecha_message,
        data,
        content_type,
        id,
        key,
        metadata,
        metadata_count,
        ttl_ms,
        flags,
        reserved0,
        reserved
    );
    structure!(
        out,
        mecha_publish_options,
        struct_size,
        reserved
    );
    structure!(
        out,
        mecha_serve_options,
        struct_size,
        kind,
        component,
        names,
        name_count,
        token,
        credit,
        flags,
        ordering,
        batch_max,
        batch_wait_ns,
        reply_timeout_ns,
        settings,
        setting_count,
        spec
    );
    structure!(
        out,
        mecha_entry_verdict,
        index,
        verdict,
        retry_after_ns
    );
    structure!(
        out,
        mecha_reply,
        struct_size,
        verdict,
        status,
        code,
        data,
        headers,
        header_count,
        retry_after_ns,
        entries,
        entry_count,
        flags,
        reserved,
        object
    );
    structure!(
        out,
        mecha_request_info,
        struct_size,
        kind,
        flags,
        attempt,
        remaining_ns,
        lease_ns,
        enqueued_unix_ms,
        component,
        topic,
        path,
        message_id,
        ordering_key,
        content_type,
        traceparent,
        tracestate,
        subscription,
        reserved
    );
    out
}

const CONSTANTS: &[(&str, i64)] = &[
    ("MECHA_OK", MECHA_OK as i64),
    ("MECHA_PENDING", MECHA_PENDING as i64),
    ("MECHA_PARTIAL", MECHA_PARTIAL as i64),
    ("MECHA_CANCELLED", MECHA_CANCELLED as i64),
    ("MECHA_UNKNOWN", MECHA_UNKNOWN as i64),
    ("MECHA_INVALID_ARGUMENT", MECHA_INVALID_ARGUMENT as i64),
    ("MECHA_DEADLINE_EXCEEDED", MECHA_DEADLINE_EXCEEDED as i64),
    ("MECHA_NOT_FOUND", MECHA_NOT_FOUND as i64),
    ("MECHA_ALREADY_EXISTS", MECHA_ALREADY_EXISTS as i64),
    ("MECHA_PERMISSION_DENIED", MECHA_PERMISSION_DENIED as i64),
    ("MECHA_RESOURCE_EXHAUSTED", MECHA_RESOURCE_EXHAUSTED as i64),
    ("MECHA_FAILED_PRECONDITION", MECHA_FAILED_PRECONDITION as i64),
    ("MECHA_ABORTED", MECHA_ABORTED as i64),
    ("MECHA_OUT_OF_RANGE", MECHA_OUT_OF_RANGE as i64),
    ("MECHA_UNIMPLEMENTED", MECHA_UNIMPLEMENTED as i64),
    ("MECHA_INTERNAL", MECHA_INTERNAL as i64),
    ("MECHA_UNAVAILABLE", MECHA_UNAVAILABLE as i64),
    ("MECHA_DATA_LOSS", MECHA_DATA_LOSS as i64),
    ("MECHA_UNAUTHENTICATED", MECHA_UNAUTHENTICATED as i64),
    ("MECHA_BUSY", MECHA_BUSY as i64),
    ("MECHA_CLOSED", MECHA_CLOSED as i64),
    ("MECHA_FORKED", MECHA_FORKED as i64),
    ("MECHA_REENTRANT", MECHA_REENTRANT as i64),
    ("MECHA_VERSION", MECHA_VERSION as i64),
    ("MECHA_NO_MEMORY", MECHA_NO_MEMORY as i64),
    ("MECHA_GONE", MECHA_GONE as i64),
    ("MECHA_SUSPENDED", MECHA_SUSPENDED as i64),
    ("MECHA_OUTCOME_UNKNOWN", MECHA_OUTCOME_UNKNOWN as i64),
    ("MECHA_DEADLOCK", MECHA_DEADLOCK as i64),
    ("MECHA_STUCK", MECHA_STUCK as i64),
    ("MECHA_RETRY_CONSTANT", MECHA_RETRY_CONSTANT as i64),
    ("MECHA_RETRY_LINEAR", MECHA_RETRY_LINEAR as i64),
    ("MECHA_RETRY_EXPONENTIAL", MECHA_RETRY_EXPONENTIAL as i64),
    ("MECHA_CALL_INLINE", MECHA_CALL_INLINE as i64),
    ("MECHA_CALL_BORROW", MECHA_CALL_BORROW as i64),
    ("MECHA_CALL_IDEMPOTENT", MECHA_CALL_IDEMPOTENT as i64),
    ("MECHA_CALL_DETACHED", MECHA_CALL_DETACHED as i64),
    ("MECHA_CALL_ONE_WAY", MECHA_CALL_ONE_WAY as i64),
    ("MECHA_EVENT_NONE", MECHA_EVENT_NONE as i64),
    ("MECHA_EVENT_COMPLETION", MECHA_EVENT_COMPLETION as i64),
    ("MECHA_EVENT_LOG", MECHA_EVENT_LOG as i64),
    ("MECHA_EVENT_SPAN", MECHA_EVENT_SPAN as i64),
    ("MECHA_EVENT_REQUEST", MECHA_EVENT_REQUEST as i64),
    ("MECHA_ITEM_JSON", MECHA_ITEM_JSON as i64),
    ("MECHA_RESULT_FROM_PEER", MECHA_RESULT_FROM_PEER as i64),
    ("MECHA_RESULT_MAYBE_APPLIED", MECHA_RESULT_MAYBE_APPLIED as i64),
    ("MECHA_RESULT_HELD", MECHA_RESULT_HELD as i64),
    ("MECHA_RESULT_REPLAYED", MECHA_RESULT_REPLAYED as i64),
    ("MECHA_RESULT_WHOLE", MECHA_RESULT_WHOLE as isize as i64),
    ("MECHA_RETRYABLE_NO", MECHA_RETRYABLE_NO as i64),
    ("MECHA_RETRYABLE_SAFE", MECHA_RETRYABLE_SAFE as i64),
    ("MECHA_RETRYABLE_ONLY_IF_IDEMPOTENT", MECHA_RETRYABLE_ONLY_IF_IDEMPOTENT as i64),
    ("MECHA_METADATA_HEADERS", MECHA_METADATA_HEADERS as i64),
    ("MECHA_METADATA_TRAILERS", MECHA_METADATA_TRAILERS as i64),
    ("MECHA_OPEN_USE_ENVIRONMENT", MECHA_OPEN_USE_ENVIRONMENT as i64),
    ("MECHA_OPEN_HOST_THREADS", MECHA_OPEN_HOST_THREADS as i64),
    ("MECHA_SUSPEND_KEEP_CONNECTIONS", MECHA_SUSPEND_KEEP_CONNECTIONS as i64),
    ("MECHA_QUEUE_BLOCKING", MECHA_QUEUE_BLOCKING as i64),
    ("MECHA_QUEUE_LOGS", MECHA_QUEUE_LOGS as i64),
    ("MECHA_QUEUE_SPANS", MECHA_QUEUE_SPANS as i64),
    ("MECHA_STATE_CONSISTENCY_DEFAULT", MECHA_STATE_CONSISTENCY_DEFAULT as i64),
    ("MECHA_STATE_EVENTUAL", MECHA_STATE_EVENTUAL as i64),
    ("MECHA_STATE_STRONG", MECHA_STATE_STRONG as i64),
    ("MECHA_STATE_SET", MECHA_STATE_SET as i64),
    ("MECHA_STATE_DELETE", MECHA_STATE_DELETE as i64),
    ("MECHA_STATE_FIRST_WRITE", MECHA_STATE_FIRST_WRITE as i64),
    ("MECHA_MESSAGE_RAW", MECHA_MESSAGE_RAW as i64),
    ("MECHA_SERVE_TOPIC", MECHA_SERVE_TOPIC as i64),
    ("MECHA_SERVE_ROUTE", MECHA_SERVE_ROUTE as i64),
    ("MECHA_SERVE_BINDING", MECHA_SERVE_BINDING as i64),
    ("MECHA_SERVE_CONFIG", MECHA_SERVE_CONFIG as i64),
    ("MECHA_SERVE_JOB", MECHA_SERVE_JOB as i64),
    ("MECHA_SERVE_METHOD", MECHA_SERVE_METHOD as i64),
    ("MECHA_SERVE_ACTOR", MECHA_SERVE_ACTOR as i64),
    ("MECHA_SERVE_BATCH", MECHA_SERVE_BATCH as i64),
    ("MECHA_SERVE_SNAPSHOT", MECHA_SERVE_SNAPSHOT as i64),
    ("MECHA_SERVE_PAUSED", MECHA_SERVE_PAUSED as i64),
    ("MECHA_ORDER_NONE", MECHA_ORDER_NONE as i64),
    ("MECHA_ORDER_PER_KEY", MECHA_ORDER_PER_KEY as i64),
    ("MECHA_ORDER_SERIAL", MECHA_ORDER_SERIAL as i64),
    ("MECHA_VERDICT_OK", MECHA_VERDICT_OK as i64),
    ("MECHA_VERDICT_RETRY", MECHA_VERDICT_RETRY as i64),
    ("MECHA_VERDICT_DROP", MECHA_VERDICT_DROP as i64),
    ("MECHA_VERDICT_ERROR", MECHA_VERDICT_ERROR as i64),
    ("MECHA_REQUEST_REDELIVERED", MECHA_REQUEST_REDELIVERED as i64),
    ("MECHA_REQUEST_LAST_ATTEMPT", MECHA_REQUEST_LAST_ATTEMPT as i64),
    ("MECHA_REQUEST_BATCH", MECHA_REQUEST_BATCH as i64),
    ("MECHA_REQUEST_RAW", MECHA_REQUEST_RAW as i64),
];

const FUNCTIONS: &[&str] = &[
    "mecha_version",
    "mecha_version_string",
    "mecha_status_name",
    "mecha_result_read",
    "mecha_result_item",
    "mecha_result_error",
    "mecha_result_metadata",
    "mecha_result_retain",
    "mecha_result_release",
    "mecha_error_status",
    "mecha_error_message",
    "mecha_error_detail",
    "mecha_error_retryable",
    "mecha_error_free",
    "mecha_runtime_open",
    "mecha_runtime_start",
    "mecha_runtime_suspend",
    "mecha_runtime_resume",
    "mecha_runtime_shutdown",
    "mecha_runtime_free",
    "mecha_runtime_run",
    "mecha_runtime_fd",
    "mecha_runtime_describe",
    "mecha_metrics_read",
    "mecha_runtime_cancel",
    "mecha_resource_apply",
    "mecha_resource_delete",
    "mecha_component_ping",
    "mecha_clock_advance",
    "mecha_queue_open",
    "mecha_queue_fd",
    "mecha_queue_poll",
    "mecha_queue_wait",
    "mecha_queue_wake",
    "mecha_queue_close",
    "mecha_queue_free",
    "mecha_state_get",
    "mecha_state_get_many",
    "mecha_state_set",
    "mecha_state_delete",
    "mecha_state_apply",
    "mecha_state_list",
    "mecha_state_query",
    "mecha_secret_get",
    "mecha_secret_list",
    "mecha_publish",
    "mecha_serve",
    "mecha_serve_credit",
    "mecha_serve_stop",
    "mecha_registration_free",
    "mecha_request_read",
    "mecha_request_metadata",
    "mecha_request_cancelled",
    "mecha_request_extend",
    "mecha_request_reply",
];

#[test]
fn structs_are_as_c_compilers_see_them() {
    let golden = lines("layout.txt");
    let mut ours = Vec::new();
    for (name, field, one, other) in structures() {
        let line = match field {
            "" => format!("struct {name} size {one} alignment {other}"),
            _ => format!("field {name}.{field} offset {one} size {other}"),
        };
        let found = golden.iter().any(|golden| golden.starts_with(&line));
        assert!(found || golden.is_empty(), "the bindings say: {line}; C does not");
        ours.push(format!("{} ", line.split(' ').nth(1).unwrap()));
    }
    for line in golden.iter().filter(|line| line.starts_with("field ")) {
        let place = line.split(' ').nth(1).unwrap();
        let structure = format!("{} ", place.split('.').next().unwrap());
        let is_declared = ours.contains(&format!("{place} "));
        assert!(is_declared || !ours.contains(&structure), "{place} is not declared");
    }
}

#[test]
fn constants_are_as_c_compilers_see_them() {
    let golden = lines("layout.txt");
    for (name, value) in CONSTANTS {
        let line = format!("constant {name} {value}");
        assert!(golden.contains(&line) || golden.is_empty(), "not in C: {line}");
    }
}

#[test]
fn every_exported_function_is_declared() {
    for line in lines("exports.txt") {
        let name = line.split('@').next().unwrap_or("");
        assert!(FUNCTIONS.contains(&name), "{name} is exported but not declared");
    }
    let golden = lines("exports.txt");
    for name in FUNCTIONS.iter().filter(|_| !golden.is_empty()) {
        let prefix = format!("{name}@");
        assert!(golden.iter().any(|line| line.starts_with(&prefix)), "{name} is not exported");
    }
}
