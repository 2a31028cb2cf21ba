//! What the table of workspaces holds.

use super::{
    Groups,
    Holds::{Company, Linked, Sealed, Service},
    Item, item,
};
use crate::{
    data_map::{Field, Store},
    processing::Category as C,
};

pub(super) static ITEMS: &[Item] = &[
    item(
        Store::Catalog,
        "workspace",
        ("WSP#", "META"),
        Service,
        &[
            (Linked(C::Account), &["owner"]),
            (Linked(C::Payment), &["billing"]),
            (
                Service,
                &[
                    "id",
                    "created_at",
                    "revision",
                    "features",
                    "stored_bytes",
                    "storage_limit_bytes",
                    "noticed",
                    "closing_since",
                ],
            ),
        ],
    ),
    item(
        Store::Catalog,
        "member",
        ("WSP#", "MEMBER#"),
        Linked(C::Account),
        &[(
            Linked(C::Account),
            &["workspace", "subject", "role", "joined_at", "declined_at"],
        )],
    ),
    item(Store::Catalog, "asset", ("WSP#", "ASSET#"), Service, ASSET),
    item(
        Store::Catalog,
        "trashed_asset",
        ("WSP#", "TRASH#"),
        Service,
        ASSET,
    ),
    item(
        Store::Catalog,
        "label",
        ("WSP#", "LABEL#"),
        Company,
        &[
            (Service, &["workspace", "asset", "source", "model"]),
            (Company, &["key", "name", "confidence", "parents"]),
        ],
    ),
    item(
        Store::Catalog,
        "upload",
        ("WSP#", "UPLOAD#"),
        Service,
        &[
            (Linked(C::Authorship), &["uploaded_by"]),
            (Company, &["name", "sha256"]),
            (
                Service,
                &[
                    "workspace",
                    "id",
                    "state",
                    "content_type",
                    "size_bytes",
                    "multipart_id",
                    "created_at",
                    "expires_at",
                ],
            ),
        ],
    ),
    item(
        Store::Catalog,
        "idempotency",
        ("WSP#", "IDEMPOTENCY#"),
        Service,
        &[(
            Service,
            &["workspace", "key_hash", "fingerprint", "created", "until"],
        )],
    ),
    item(
        Store::Catalog,
        "billing",
        ("WSP#", "BILLING"),
        Service,
        &[
            (Linked(C::Payment), &["history"]),
            (Service, &["workspace", "revision"]),
        ],
    ),
    item(
        Store::Catalog,
        "checkout",
        ("WSP#", "CHECKOUT#"),
        Service,
        &[
            (Linked(C::Payment), &["renews", "url", "created_at"]),
            (Service, &["workspace", "id", "provider", "plan"]),
        ],
    ),
    item(
        Store::Catalog,
        "provider_event",
        ("EVENT#", "EVENT"),
        Service,
        &[(Service, &["provider", "event", "applied_at"])],
    ),
    item(
        Store::Catalog,
        "payment",
        ("PAYMENT#", "PAYMENT"),
        Linked(C::Payment),
        &[(
            Linked(C::Payment),
            &[
                "provider",
                "payment",
                "state",
                "at",
                "amount_minor",
                "currency",
                "plan",
                "refunded_minor",
                "objection",
                "kept_until",
            ],
        )],
    ),
    item(
        Store::Catalog,
        "claim",
        ("CLAIM#", "CLAIM"),
        Linked(C::TrialRecord),
        &[(Linked(C::TrialRecord), &["what", "whose", "until"])],
    ),
    item(
        Store::Catalog,
        "message_to_person",
        ("OUT#usr_", ""),
        Linked(C::Correspondence),
        &[
            (
                Linked(C::Correspondence),
                &[
                    "id",
                    "owner",
                    "consequence",
                    "created_at",
                    "lease_until",
                    "lease_holder",
                    "attempts",
                ],
            ),
            (Sealed(Field::MailSecret), &["secret"]),
            (Sealed(Field::MailAddress), &["address"]),
        ],
    ),
    item(
        Store::Catalog,
        "message_to_recipient",
        ("OUT#operator", ""),
        Service,
        MESSAGE,
    ),
    item(
        Store::Catalog,
        "exchange",
        ("OPENDSR#", "EXCHANGE"),
        Linked(C::Request),
        &[
            (
                Linked(C::Request),
                &[
                    "request",
                    "here",
                    "asked",
                    "fingerprint",
                    "submitted_at",
                    "received_at",
                    "promised_at",
                    "expected_at",
                    "standing",
                    "ended_at",
                ],
            ),
            (Service, &["controller", "callbacks", "revision"]),
        ],
    ),
    item(
        Store::Catalog,
        "exchange_move",
        ("OPENDSR#", "MOVE#"),
        Linked(C::Request),
        &[(
            Linked(C::Request),
            &["exchange", "id", "standing", "expected_at", "at"],
        )],
    ),
    item(
        Store::Catalog,
        "exchange_callback",
        ("OPENDSR#", "CALLBACK#"),
        Linked(C::Request),
        &[
            (Linked(C::Request), &["exchange", "standing", "expected_at"]),
            (
                Service,
                &["revision", "position", "url", "attempts", "next_at"],
            ),
        ],
    ),
    item(
        Store::Catalog,
        "message_to_workspace",
        ("OUT#wsp_", ""),
        Service,
        MESSAGE,
    ),
];

const MESSAGE: Groups = &[(
    Service,
    &[
        "id",
        "owner",
        "consequence",
        "created_at",
        "lease_until",
        "lease_holder",
        "attempts",
    ],
)];

const ASSET: Groups = &[
    (Linked(C::Authorship), &["uploaded_by"]),
    (
        Company,
        &[
            "name",
            "description",
            "sha256",
            "technical",
            "labels",
            "text",
            "moderation",
            "own_labels",
        ],
    ),
    (
        Service,
        &[
            "workspace",
            "id",
            "version",
            "revision",
            "content_type",
            "size_bytes",
            "created_at",
            "updated_at",
            "preview",
            "tagging",
            "trashed_at",
        ],
    ),
];
