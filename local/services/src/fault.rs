//! Errors as the SDKs read them.

use std::borrow::Cow;
use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};

use axum::http::StatusCode;

use crate::error::Error;

/// An error answer: the HTTP status, the code that an SDK matches and a sentence.
#[derive(Debug)]
pub(crate) struct Fault {
    pub(crate) status: StatusCode,
    pub(crate) code: Cow<'static, str>,
    pub(crate) message: String,
}

impl Fault {
    /// The caller's fault.
    pub(crate) fn sender(code: &'static str, message: impl Into<String>) -> Self {
        Self {
            status: StatusCode::BAD_REQUEST,
            code: code.into(),
            message: message.into(),
        }
    }

    /// The service's own fault.
    pub(crate) fn receiver(code: &'static str, message: impl Into<String>) -> Self {
        Self {
            status: StatusCode::INTERNAL_SERVER_ERROR,
            code: code.into(),
            message: message.into(),
        }
    }

    pub(crate) fn is_senders(&self) -> bool {
        self.status.is_client_error()
    }

    fn injected(code: String) -> Self {
        let status = match code.as_str() {
            "InternalFailure"
            | "InternalError"
            | "InternalServiceError"
            | "InternalServerError"
            | "KMSInternalException" => StatusCode::INTERNAL_SERVER_ERROR,
            "ServiceUnavailable" => StatusCode::SERVICE_UNAVAILABLE,
            _ => StatusCode::BAD_REQUEST,
        };
        Self {
            status,
            message: format!("{code} was asked for by a test"),
            code: code.into(),
        }
    }
}

impl From<Error> for Fault {
    fn from(error: Error) -> Self {
        let code = match error {
            Error::NoSuchQueue(_) => "QueueDoesNotExist",
            Error::Receipt => "ReceiptHandleIsInvalid",
            Error::NotInFlight => "MessageNotInflight",
            Error::MessageContents => "InvalidMessageContents",
            Error::StaleReceipt | Error::MessageSize => "InvalidParameterValue",
            Error::NoSuchKey(_) => "NotFoundException",
            Error::KeyKind(_) => "InvalidKeyUsageException",
            Error::Ciphertext => "InvalidCiphertextException",
            Error::NoSuchSecret(_) | Error::NoSuchVersion { .. } => "ResourceNotFoundException",
            Error::VersionTaken(_) => "ResourceExistsException",
            _ => return Self::receiver("InternalFailure", error.to_string()),
        };
        Self::sender(code, error.to_string())
    }
}

/// Failures that a test has ordered for the next calls of one service.
#[derive(Default)]
pub(crate) struct FailureSwitch(Mutex<VecDeque<String>>);

impl FailureSwitch {
    pub(crate) fn fail_next(&self, calls: usize, code: &str) {
        lock(&self.0).extend(std::iter::repeat_n(code.to_owned(), calls));
    }

    /// Fails where a failure is due, and counts it down.
    pub(crate) fn check(&self) -> Result<(), Fault> {
        match lock(&self.0).pop_front() {
            Some(code) => Err(Fault::injected(code)),
            None => Ok(()),
        }
    }
}

/// Locks what no panic can leave half-changed.
pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
