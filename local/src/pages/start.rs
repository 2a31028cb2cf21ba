//! The start page: what runs and where.

use axum::extract::State;
use axum::response::Response;
use jiff::SignedDuration;
use maud::{Markup, html};

use super::status::{self, FunctionStatus, QueueStatus, Status};
use super::{Broken, Pages, layout};

/// The steps that the clock's buttons take.
const STEPS: [(&str, i64); 3] = [
    ("+1 hour", 3_600),
    ("+1 day", 86_400),
    ("+14 days", 14 * 86_400),
];

pub(super) async fn page(State(pages): State<Pages>) -> Result<Response, Broken> {
    let status = status::read(&pages).await?;
    let body = html! {
        h1 { "Assetbox is running" }
        div.pair {
            (places(&status))
            (clock(&status))
        }
        (functions(&status.functions))
        div.pair {
            (queues(&status.queues))
            (data(&status))
        }
        (vision(&status))
    };
    Ok(layout::page("Overview", None, &body))
}

fn places(status: &Status) -> Markup {
    html! {
        section {
            h2 { "Where things are" }
            dl {
                dt { "API" } dd { code { (status.api_url) } }
                dt { "Mailbox" } dd { a href="/_local/mail" { (status.mails) " messages" } }
                dt { "API page" } dd { a href="/_local/api/" { "try every route" } " · " a href="/_local/openapi.json" { "OpenAPI" } }
                dt { "Status as JSON" } dd { a href="/_local/status" { code { "/_local/status" } } }
                dt { "Data folder" } dd { code { (status.data) } }
            }
        }
    }
}

fn clock(status: &Status) -> Markup {
    let offset = SignedDuration::from_secs(status.offset_seconds);
    html! {
        section {
            h2 { "Clock" }
            dl {
                dt { "Now" } dd { (status.now.strftime("%Y-%m-%d %H:%M:%S UTC").to_string()) }
                dt { "Ahead by" } dd {
                    @if offset.is_zero() { "nothing" } @else { (format!("{offset:#}")) }
                }
            }
            div.actions {
                @for (name, seconds) in STEPS {
                    form.inline method="post" action="/_local/clock" {
                        input type="hidden" name="advance_seconds" value=(seconds);
                        button { (name) }
                    }
                }
            }
            p.soft { "The clock only moves forward. What becomes due runs at once." }
        }
    }
}

fn functions(functions: &[FunctionStatus]) -> Markup {
    html! {
        section {
            h2 { "Functions" }
            table {
                tr { th { "Function" } th { "Invoked by" } th.number { "Runs" } th.number { "Failures" } }
                @for function in functions {
                    tr {
                        td { (function.id) }
                        td.soft { (function.invoked_by.join(" · ")) }
                        td.number { (function.invocations) }
                        td.number.bad[function.failures > 0] { (function.failures) }
                    }
                }
            }
        }
    }
}

fn queues(queues: &[QueueStatus]) -> Markup {
    html! {
        section {
            h2 { "Queues" }
            table {
                tr { th { "Queue" } th.number { "Waiting" } th.number { "In work" } th.number { "Delayed" } }
                @for queue in queues {
                    tr {
                        td { (queue.name) }
                        td.number.bad[queue.is_dead_letters && queue.visible > 0] { (queue.visible) }
                        td.number { (queue.in_flight) }
                        td.number { (queue.delayed) }
                    }
                }
            }
        }
    }
}

fn data(status: &Status) -> Markup {
    html! {
        section {
            h2 { "Data" }
            table {
                tr { th { "Table" } th.number { "Items" } }
                @for table in &status.tables {
                    tr { td { (table.name) } td.number { (table.items) } }
                }
            }
            p.soft { "Buckets: " (status.buckets.join(", ")) }
        }
    }
}

fn vision(status: &Status) -> Markup {
    html! {
        section {
            h2 { "Vision" }
            table {
                @for feature in &status.vision {
                    tr {
                        td { (feature.operation) }
                        td { @if feature.works { span.good { "works" } } @else { span.soft { "off" } } }
                        td.soft { (feature.about) }
                    }
                }
            }
        }
    }
}
