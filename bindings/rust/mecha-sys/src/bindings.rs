// SPDX-License-Identifier: Apache-2.0
// Written by bindings/rust/generate_bindings.py from include/mecha/*.h. Do not edit.

use std::os::raw::{c_char, c_int, c_void};

#[repr(C)]
pub struct mecha_runtime {
    _private: [u8; 0],
}
#[repr(C)]
pub struct mecha_queue {
    _private: [u8; 0],
}
#[repr(C)]
pub struct mecha_result {
    _private: [u8; 0],
}
#[repr(C)]
pub struct mecha_error {
    _private: [u8; 0],
}
#[repr(C)]
pub struct mecha_registration {
    _private: [u8; 0],
}
#[repr(C)]
pub struct mecha_stream {
    _private: [u8; 0],
}

pub type mecha_status = i32;
pub type mecha_op = u64;
pub type mecha_request = u64;

pub const MECHA_VERSION_MAJOR: u32 = 0;
pub const MECHA_VERSION_MINOR: u32 = 1;
pub const MECHA_VERSION_PATCH: u32 = 0;
pub const MECHA_API_VERSION: u32 = 1000;
pub const MECHA_OK: mecha_status = 0;
pub const MECHA_PENDING: mecha_status = 1;
pub const MECHA_PARTIAL: mecha_status = 2;
pub const MECHA_CANCELLED: mecha_status = -1;
pub const MECHA_UNKNOWN: mecha_status = -2;
pub const MECHA_INVALID_ARGUMENT: mecha_status = -3;
pub const MECHA_DEADLINE_EXCEEDED: mecha_status = -4;
pub const MECHA_NOT_FOUND: mecha_status = -5;
pub const MECHA_ALREADY_EXISTS: mecha_status = -6;
pub const MECHA_PERMISSION_DENIED: mecha_status = -7;
pub const MECHA_RESOURCE_EXHAUSTED: mecha_status = -8;
pub const MECHA_FAILED_PRECONDITION: mecha_status = -9;
pub const MECHA_ABORTED: mecha_status = -10;
pub const MECHA_OUT_OF_RANGE: mecha_status = -11;
pub const MECHA_UNIMPLEMENTED: mecha_status = -12;
pub const MECHA_INTERNAL: mecha_status = -13;
pub const MECHA_UNAVAILABLE: mecha_status = -14;
pub const MECHA_DATA_LOSS: mecha_status = -15;
pub const MECHA_UNAUTHENTICATED: mecha_status = -16;
pub const MECHA_BUSY: mecha_status = -100;
pub const MECHA_CLOSED: mecha_status = -101;
pub const MECHA_FORKED: mecha_status = -102;
pub const MECHA_REENTRANT: mecha_status = -103;
pub const MECHA_VERSION: mecha_status = -104;
pub const MECHA_NO_MEMORY: mecha_status = -105;
pub const MECHA_GONE: mecha_status = -106;
pub const MECHA_SUSPENDED: mecha_status = -107;
pub const MECHA_OUTCOME_UNKNOWN: mecha_status = -108;
pub const MECHA_DEADLOCK: mecha_status = -109;
pub const MECHA_STUCK: mecha_status = -110;
pub const MECHA_RETRY_CONSTANT: u32 = 0;
pub const MECHA_RETRY_LINEAR: u32 = 1;
pub const MECHA_RETRY_EXPONENTIAL: u32 = 2;
pub const MECHA_CALL_INLINE: u32 = 1 << 0;
pub const MECHA_CALL_BORROW: u32 = 1 << 1;
pub const MECHA_CALL_IDEMPOTENT: u32 = 1 << 2;
pub const MECHA_CALL_DETACHED: u32 = 1 << 3;
pub const MECHA_CALL_ONE_WAY: u32 = 1 << 4;
pub const MECHA_EVENT_NONE: u32 = 0;
pub const MECHA_EVENT_COMPLETION: u32 = 1;
pub const MECHA_EVENT_LOG: u32 = 2;
pub const MECHA_EVENT_SPAN: u32 = 3;
pub const MECHA_EVENT_REQUEST: u32 = 4;
pub const MECHA_ITEM_JSON: u32 = 1 << 0;
pub const MECHA_RESULT_FROM_PEER: u32 = 1 << 0;
pub const MECHA_RESULT_MAYBE_APPLIED: u32 = 1 << 1;
pub const MECHA_RESULT_HELD: u32 = 1 << 2;
pub const MECHA_RESULT_REPLAYED: u32 = 1 << 3;
pub const MECHA_RESULT_WHOLE: usize = usize::MAX;
pub const MECHA_RETRYABLE_NO: i32 = 0;
pub const MECHA_RETRYABLE_SAFE: i32 = 1;
pub const MECHA_RETRYABLE_ONLY_IF_IDEMPOTENT: i32 = 2;
pub const MECHA_METADATA_HEADERS: u32 = 0;
pub const MECHA_METADATA_TRAILERS: u32 = 1;
pub const MECHA_OPEN_USE_ENVIRONMENT: u32 = 1 << 0;
pub const MECHA_OPEN_HOST_THREADS: u32 = 1 << 1;
pub const MECHA_SUSPEND_KEEP_CONNECTIONS: u32 = 1 << 0;
pub const MECHA_QUEUE_BLOCKING: u32 = 1 << 0;
pub const MECHA_QUEUE_LOGS: u32 = 1 << 1;
pub const MECHA_QUEUE_SPANS: u32 = 1 << 2;
pub const MECHA_STATE_CONSISTENCY_DEFAULT: u32 = 0;
pub const MECHA_STATE_EVENTUAL: u32 = 1;
pub const MECHA_STATE_STRONG: u32 = 2;
pub const MECHA_STATE_SET: u32 = 1;
pub const MECHA_STATE_DELETE: u32 = 2;
pub const MECHA_STATE_FIRST_WRITE: u32 = 1 << 0;
pub const MECHA_MESSAGE_RAW: u32 = 1 << 0;
pub const MECHA_SERVE_TOPIC: u32 = 1;
pub const MECHA_SERVE_ROUTE: u32 = 2;
pub const MECHA_SERVE_BINDING: u32 = 3;
pub const MECHA_SERVE_CONFIG: u32 = 4;
pub const MECHA_SERVE_JOB: u32 = 5;
pub const MECHA_SERVE_METHOD: u32 = 6;
pub const MECHA_SERVE_ACTOR: u32 = 7;
pub const MECHA_SERVE_BATCH: u32 = 1 << 0;
pub const MECHA_SERVE_SNAPSHOT: u32 = 1 << 1;
pub const MECHA_SERVE_PAUSED: u32 = 1 << 2;
pub const MECHA_ORDER_NONE: u32 = 0;
pub const MECHA_ORDER_PER_KEY: u32 = 1;
pub const MECHA_ORDER_SERIAL: u32 = 2;
pub const MECHA_VERDICT_OK: u32 = 0;
pub const MECHA_VERDICT_RETRY: u32 = 1;
pub const MECHA_VERDICT_DROP: u32 = 2;
pub const MECHA_VERDICT_ERROR: u32 = 3;
pub const MECHA_REQUEST_REDELIVERED: u32 = 1 << 0;
pub const MECHA_REQUEST_LAST_ATTEMPT: u32 = 1 << 1;
pub const MECHA_REQUEST_BATCH: u32 = 1 << 2;
pub const MECHA_REQUEST_RAW: u32 = 1 << 3;

#[repr(C)]
#[derive(Clone, Copy)]
pub struct mecha_view {
    pub data: *const c_void,
    pub size: usize,
}

#[repr(C)]
#[derive(Clone, Copy)]
pub struct mecha_kv {
    pub key: mecha_view,
    pub value: mecha_view,
}

#[repr(C)]
#[derive(Clone, Copy)]
pub struct mecha_buf {
    pub data: *const c_void,
    pub size: usize,
    pub release: Option<unsafe extern "C" fn(ctx: *mut c_void)>,
    pub ctx: *mut c_void,
}

#[repr(C)]
#[derive(Clone, Copy)]
pub struct mecha_retry {
    pub struct_size: u32,
    pub pattern: u32,
    pub interval_ns: i64,
    pub max_interval_ns: i64,
    pub limit: i32,
    pub reserved: u32,
}

#[repr(C)]
#[derive(Clone, Copy)]
pub struct mecha_call {
    pub struct_size: u32,
    pub flags: u32,
    pub queue: *mut mecha_queue,
    pub token: u64,
    pub op: *mut mecha_op,
    pub timeout_ns: i64,
    pub metadata: *const mecha_kv,
    pub metadata_count: usize,
    pub traceparent: mecha_view,
    pub tracestate: mecha_view,
    pub baggage: mecha_view,
    pub within: mecha_request,
    pub retry: *const mecha_retry,
    pub idempotency_key: mecha_view,
    pub interrupted: Option<unsafe extern "C" fn(user: *mut c_void) -> c_int>,
    pub user: *mut c_void,
}

#[repr(C)]
#[derive(Clone, Copy)]
pub struct mecha_event {
    pub kind: u32,
    pub status: mecha_status,
    pub token: u64,
    pub id: u64,
    pub result: *mut mecha_result,
    pub object: u64,
    pub reserved: [u64; 3],
}

#[repr(C)]
#[derive(Clone, Copy)]
pub struct mecha_item {
    pub struct_size: u32,
    pub status: mecha_status,
    pub flags: u32,
    pub reserved: u32,
    pub group: mecha_view,
    pub key: mecha_view,
    pub value: mecha_view,
    pub etag: mecha_view,
    pub content_type: mecha_view,
    pub number: u64,
    pub expires_unix_ms: i64,
}

#[repr(C)]
#[derive(Clone, Copy)]
pub struct mecha_result_info {
    pub struct_size: u32,
    pub status: mecha_status,
    pub code: i32,
    pub flags: u32,
    pub count: usize,
    pub page: mecha_view,
    pub number: u64,
    pub stream: *mut mecha_stream,
}

#[repr(C)]
#[derive(Clone, Copy)]
pub struct mecha_runtime_options {
    pub struct_size: u32,
    pub api_version: u32,
    pub flags: u32,
    pub reserved: u32,
    pub app_id: mecha_view,
    pub name_space: mecha_view,
    pub resource_paths: *const mecha_view,
    pub resource_path_count: usize,
    pub resource_texts: *const mecha_view,
    pub resource_text_count: usize,
    pub settings: *const mecha_kv,
    pub setting_count: usize,
    pub thread_started: Option<unsafe extern "C" fn(user: *mut c_void, name: *const c_char)>,
    pub thread_stopping: Option<unsafe extern "C" fn(user: *mut c_void, name: *const c_char)>,
    pub user: *mut c_void,
}

#[repr(C)]
#[derive(Clone, Copy)]
pub struct mecha_queue_options {
    pub struct_size: u32,
    pub flags: u32,
    pub max_inflight: u32,
    pub reserved: u32,
    pub deliver: Option<unsafe extern "C" fn(user: *mut c_void, events: *const mecha_event, count: usize)>,
    pub user: *mut c_void,
}

#[repr(C)]
#[derive(Clone, Copy)]
pub struct mecha_state_op {
    pub kind: u32,
    pub flags: u32,
    pub key: mecha_view,
    pub value: mecha_buf,
    pub etag: mecha_view,
    pub content_type: mecha_view,
    pub ttl_ms: i64,
    pub metadata: *const mecha_kv,
    pub metadata_count: usize,
    pub reserved: [u64; 3],
}

#[repr(C)]
#[derive(Clone, Copy)]
pub struct mecha_state_get_options {
    pub struct_size: u32,
    pub consistency: u32,
}

#[repr(C)]
#[derive(Clone, Copy)]
pub struct mecha_state_set_options {
    pub struct_size: u32,
    pub flags: u32,
    pub consistency: u32,
    pub reserved: u32,
    pub etag: mecha_view,
    pub content_type: mecha_view,
    pub ttl_ms: i64,
}

#[repr(C)]
#[derive(Clone, Copy)]
pub struct mecha_state_delete_options {
    pub struct_size: u32,
    pub flags: u32,
    pub consistency: u32,
    pub reserved: u32,
    pub etag: mecha_view,
}

#[repr(C)]
#[derive(Clone, Copy)]
pub struct mecha_state_apply_options {
    pub struct_size: u32,
    pub atomic: u32,
    pub consistency: u32,
    pub reserved: u32,
}

#[repr(C)]
#[derive(Clone, Copy)]
pub struct mecha_state_list_options {
    pub struct_size: u32,
    pub limit: u32,
    pub page: mecha_view,
}

#[repr(C)]
#[derive(Clone, Copy)]
pub struct mecha_state_query_options {
    pub struct_size: u32,
    pub limit: u32,
    pub page: mecha_view,
}

#[repr(C)]
#[derive(Clone, Copy)]
pub struct mecha_secret_get_options {
    pub struct_size: u32,
    pub reserved: u32,
}

#[repr(C)]
#[derive(Clone, Copy)]
pub struct mecha_secret_list_options {
    pub struct_size: u32,
    pub reserved: u32,
}

#[repr(C)]
#[derive(Clone, Copy)]
pub struct mecha_message {
    pub data: mecha_buf,
    pub content_type: mecha_view,
    pub id: mecha_view,
    pub key: mecha_view,
    pub metadata: *const mecha_kv,
    pub metadata_count: usize,
    pub ttl_ms: i64,
    pub flags: u32,
    pub reserved0: u32,
    pub reserved: [u64; 2],
}

#[repr(C)]
#[derive(Clone, Copy)]
pub struct mecha_publish_options {
    pub struct_size: u32,
    pub reserved: u32,
}

#[repr(C)]
#[derive(Clone, Copy)]
pub struct mecha_serve_options {
    pub struct_size: u32,
    pub kind: u32,
    pub component: mecha_view,
    pub names: *const mecha_view,
    pub name_count: usize,
    pub token: u64,
    pub credit: u32,
    pub flags: u32,
    pub ordering: u32,
    pub batch_max: u32,
    pub batch_wait_ns: i64,
    pub reply_timeout_ns: i64,
    pub settings: *const mecha_kv,
    pub setting_count: usize,
    pub spec: mecha_view,
}

#[repr(C)]
#[derive(Clone, Copy)]
pub struct mecha_entry_verdict {
    pub index: u32,
    pub verdict: u32,
    pub retry_after_ns: i64,
}

#[repr(C)]
#[derive(Clone, Copy)]
pub struct mecha_reply {
    pub struct_size: u32,
    pub verdict: u32,
    pub status: mecha_status,
    pub code: i32,
    pub data: mecha_buf,
    pub headers: *const mecha_kv,
    pub header_count: usize,
    pub retry_after_ns: i64,
    pub entries: *const mecha_entry_verdict,
    pub entry_count: usize,
    pub flags: u32,
    pub reserved: u32,
    pub object: u64,
}

#[repr(C)]
#[derive(Clone, Copy)]
pub struct mecha_request_info {
    pub struct_size: u32,
    pub kind: u32,
    pub flags: u32,
    pub attempt: u32,
    pub remaining_ns: i64,
    pub lease_ns: i64,
    pub enqueued_unix_ms: i64,
    pub component: mecha_view,
    pub topic: mecha_view,
    pub path: mecha_view,
    pub message_id: mecha_view,
    pub ordering_key: mecha_view,
    pub content_type: mecha_view,
    pub traceparent: mecha_view,
    pub tracestate: mecha_view,
    pub subscription: mecha_view,
    pub reserved: [u64; 4],
}

extern "C" {
    pub fn mecha_version(
    ) -> u32;
    pub fn mecha_version_string(
    ) -> *const c_char;
    pub fn mecha_status_name(
        status: mecha_status,
    ) -> *const c_char;
    pub fn mecha_result_read(
        result: *const mecha_result,
        info: *mut mecha_result_info,
    ) -> mecha_status;
    pub fn mecha_result_item(
        result: *const mecha_result,
        index: usize,
        item: *mut mecha_item,
    ) -> mecha_status;
    pub fn mecha_result_error(
        result: *const mecha_result,
        index: usize,
    ) -> *const mecha_error;
    pub fn mecha_result_metadata(
        result: *const mecha_result,
        kind: u32,
        index: usize,
        entry: *mut mecha_kv,
    ) -> mecha_status;
    pub fn mecha_result_retain(
        result: *mut mecha_result,
    ) -> *mut mecha_result;
    pub fn mecha_result_release(
        result: *mut mecha_result,
    );
    pub fn mecha_error_status(
        error: *const mecha_error,
    ) -> mecha_status;
    pub fn mecha_error_message(
        error: *const mecha_error,
    ) -> *const c_char;
    pub fn mecha_error_detail(
        error: *const mecha_error,
        name: *const c_char,
    ) -> mecha_view;
    pub fn mecha_error_retryable(
        error: *const mecha_error,
    ) -> i32;
    pub fn mecha_error_free(
        error: *mut mecha_error,
    );
    pub fn mecha_runtime_open(
        options: *const mecha_runtime_options,
        out: *mut *mut mecha_runtime,
        error: *mut *mut mecha_error,
    ) -> mecha_status;
    pub fn mecha_runtime_start(
        rt: *mut mecha_runtime,
        error: *mut *mut mecha_error,
    ) -> mecha_status;
    pub fn mecha_runtime_suspend(
        rt: *mut mecha_runtime,
        deadline_ns: i64,
        flags: u32,
        out: *mut *mut mecha_result,
    ) -> mecha_status;
    pub fn mecha_runtime_resume(
        rt: *mut mecha_runtime,
        error: *mut *mut mecha_error,
    ) -> mecha_status;
    pub fn mecha_runtime_shutdown(
        rt: *mut mecha_runtime,
        deadline_ns: i64,
        out: *mut *mut mecha_result,
    ) -> mecha_status;
    pub fn mecha_runtime_free(
        rt: *mut mecha_runtime,
    );
    pub fn mecha_runtime_run(
        rt: *mut mecha_runtime,
        timeout_ns: i64,
    ) -> i32;
    pub fn mecha_runtime_fd(
        rt: *mut mecha_runtime,
    ) -> c_int;
    pub fn mecha_runtime_describe(
        rt: *mut mecha_runtime,
        out: *mut *mut mecha_result,
    ) -> mecha_status;
    pub fn mecha_metrics_read(
        rt: *mut mecha_runtime,
        out: *mut *mut mecha_result,
    ) -> mecha_status;
    pub fn mecha_runtime_cancel(
        rt: *mut mecha_runtime,
        op: mecha_op,
    ) -> mecha_status;
    pub fn mecha_resource_apply(
        rt: *mut mecha_runtime,
        call: *const mecha_call,
        text: mecha_view,
        out: *mut *mut mecha_result,
    ) -> mecha_status;
    pub fn mecha_resource_delete(
        rt: *mut mecha_runtime,
        call: *const mecha_call,
        kind: mecha_view,
        name: mecha_view,
        out: *mut *mut mecha_result,
    ) -> mecha_status;
    pub fn mecha_component_ping(
        rt: *mut mecha_runtime,
        call: *const mecha_call,
        component: mecha_view,
        out: *mut *mut mecha_result,
    ) -> mecha_status;
    pub fn mecha_clock_advance(
        rt: *mut mecha_runtime,
        by_ns: i64,
    ) -> mecha_status;
    pub fn mecha_queue_open(
        rt: *mut mecha_runtime,
        options: *const mecha_queue_options,
        out: *mut *mut mecha_queue,
    ) -> mecha_status;
    pub fn mecha_queue_fd(
        queue: *mut mecha_queue,
    ) -> c_int;
    pub fn mecha_queue_poll(
        queue: *mut mecha_queue,
        events: *mut mecha_event,
        capacity: usize,
    ) -> i32;
    pub fn mecha_queue_wait(
        queue: *mut mecha_queue,
        events: *mut mecha_event,
        capacity: usize,
        timeout_ns: i64,
    ) -> i32;
    pub fn mecha_queue_wake(
        queue: *mut mecha_queue,
    ) -> mecha_status;
    pub fn mecha_queue_close(
        queue: *mut mecha_queue,
    ) -> mecha_status;
    pub fn mecha_queue_free(
        queue: *mut mecha_queue,
    );
    pub fn mecha_state_get(
        rt: *mut mecha_runtime,
        call: *const mecha_call,
        store: mecha_view,
        key: mecha_view,
        options: *const mecha_state_get_options,
        out: *mut *mut mecha_result,
    ) -> mecha_status;
    pub fn mecha_state_get_many(
        rt: *mut mecha_runtime,
        call: *const mecha_call,
        store: mecha_view,
        keys: *const mecha_view,
        key_count: usize,
        options: *const mecha_state_get_options,
        out: *mut *mut mecha_result,
    ) -> mecha_status;
    pub fn mecha_state_set(
        rt: *mut mecha_runtime,
        call: *const mecha_call,
        store: mecha_view,
        key: mecha_view,
        value: mecha_buf,
        options: *const mecha_state_set_options,
        out: *mut *mut mecha_result,
    ) -> mecha_status;
    pub fn mecha_state_delete(
        rt: *mut mecha_runtime,
        call: *const mecha_call,
        store: mecha_view,
        key: mecha_view,
        options: *const mecha_state_delete_options,
        out: *mut *mut mecha_result,
    ) -> mecha_status;
    pub fn mecha_state_apply(
        rt: *mut mecha_runtime,
        call: *const mecha_call,
        store: mecha_view,
        ops: *const mecha_state_op,
        op_count: usize,
        options: *const mecha_state_apply_options,
        out: *mut *mut mecha_result,
    ) -> mecha_status;
    pub fn mecha_state_list(
        rt: *mut mecha_runtime,
        call: *const mecha_call,
        store: mecha_view,
        prefix: mecha_view,
        options: *const mecha_state_list_options,
        out: *mut *mut mecha_result,
    ) -> mecha_status;
    pub fn mecha_state_query(
        rt: *mut mecha_runtime,
        call: *const mecha_call,
        store: mecha_view,
        query: mecha_view,
        options: *const mecha_state_query_options,
        out: *mut *mut mecha_result,
    ) -> mecha_status;
    pub fn mecha_secret_get(
        rt: *mut mecha_runtime,
        call: *const mecha_call,
        store: mecha_view,
        name: mecha_view,
        options: *const mecha_secret_get_options,
        out: *mut *mut mecha_result,
    ) -> mecha_status;
    pub fn mecha_secret_list(
        rt: *mut mecha_runtime,
        call: *const mecha_call,
        store: mecha_view,
        options: *const mecha_secret_list_options,
        out: *mut *mut mecha_result,
    ) -> mecha_status;
    pub fn mecha_publish(
        rt: *mut mecha_runtime,
        call: *const mecha_call,
        pubsub: mecha_view,
        topic: mecha_view,
        messages: *const mecha_message,
        count: usize,
        options: *const mecha_publish_options,
        out: *mut *mut mecha_result,
    ) -> mecha_status;
    pub fn mecha_serve(
        rt: *mut mecha_runtime,
        call: *const mecha_call,
        queue: *mut mecha_queue,
        options: *const mecha_serve_options,
        out: *mut *mut mecha_registration,
        result: *mut *mut mecha_result,
    ) -> mecha_status;
    pub fn mecha_serve_credit(
        registration: *mut mecha_registration,
        credit: u32,
    ) -> mecha_status;
    pub fn mecha_serve_stop(
        rt: *mut mecha_runtime,
        call: *const mecha_call,
        registration: *mut mecha_registration,
        out: *mut *mut mecha_result,
    ) -> mecha_status;
    pub fn mecha_registration_free(
        registration: *mut mecha_registration,
    );
    pub fn mecha_request_read(
        request: *const mecha_result,
        index: usize,
        info: *mut mecha_request_info,
    ) -> mecha_status;
    pub fn mecha_request_metadata(
        request: *const mecha_result,
        index: usize,
        which: usize,
        entry: *mut mecha_kv,
    ) -> mecha_status;
    pub fn mecha_request_cancelled(
        rt: *mut mecha_runtime,
        id: mecha_request,
    ) -> mecha_status;
    pub fn mecha_request_extend(
        rt: *mut mecha_runtime,
        id: mecha_request,
        by_ns: i64,
    ) -> mecha_status;
    pub fn mecha_request_reply(
        rt: *mut mecha_runtime,
        id: mecha_request,
        reply: *const mecha_reply,
    ) -> mecha_status;
}
