//! The start page: what runs and where.

use axum::extract::State;
use axum::response::Response;
use jiff::SignedDuration;
use maud::{Markup, html};

use super::policies::{self, Document};
use super::status::{self, FunctionStatus, Operator, QueueStatus, Status};
use super::{Broken, Pages, layout};

/// The steps that the clock's buttons take.
const STEPS: [(&str, i64); 4] = [
    ("+1 hour", 3_600),
    ("+1 day", 86_400),
    ("+14 days", 14 * 86_400),
    ("+30 days", 30 * 86_400),
];

pub(super) async fn page(State(pages): State<Pages>) -> Result<Response, Broken> {
    let status = status::read(&pages).await?;
    let body = html! {
        h1 { "Assetbox is running" }
        div.pair {
            (places(&status))
            (clock(&status))
        }
        div.pair {
            (operator(&status.operator))
            (documents(&policies::in_force(pages.clock.for_functions().now())))
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
                dt { "Its description" } dd { a href="/_local/api/" { "try every route" } " · " a href="/_local/openapi.json" { "OpenAPI" } }
                dt { "Mailbox" } dd { a href="/_local/mail" { (counted(status.mails, "message")) } }
                dt { "Payments" } dd { a href="/_local/provider/checkouts" { "checkouts and events" } }
                dt { "Status as JSON" } dd { a href="/_local/status" { code { "/_local/status" } } }
                dt { "Data folder" } dd { code { (status.data) } }
            }
            p.soft { "README.md walks through it with curl in five minutes; " code { "cargo run -- tour" } " does it by itself." }
        }
    }
}

fn counted(count: usize, what: &str) -> String {
    let ending = if count == 1 { "" } else { "s" };
    format!("{count} {what}{ending}")
}

fn operator(operator: &Operator) -> Markup {
    html! {
        section {
            h2 { "Operator" }
            dl {
                dt { "Name" } dd { (operator.name) }
                dt { "Privacy" } dd { (operator.privacy_address) }
                dt { "Letters from" } dd { (operator.mail_from) }
                dt { "Staff" } dd { (operator.staff.join(", ")) }
            }
            p.soft { "Parameters of template.yaml; who is staff stands in the secret. Sign up with a staff address to decide about requests." }
        }
    }
}

fn documents(documents: &[Document]) -> Markup {
    html! {
        section {
            h2 { "Documents in force" }
            table.cards {
                thead { tr { th { "Document" } th { "Version" } th { "Text" } } }
                @for document in documents {
                    tr {
                        td { (document.title) }
                        td.soft.line { (document.version) }
                        td.line {
                            a href={ "/_local/policies/" (document.name) "/en" } { "English" } " · "
                            a href={ "/_local/policies/" (document.name) "/ru" } { "Russian" }
                        }
                    }
                }
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
            table.cards {
                thead { tr { th { "Function" } th { "Invoked by" } th.number { "Runs" } th.number { "Failures" } } }
                @for function in functions {
                    tr {
                        td { (function.id) }
                        td.soft { (function.invoked_by.join(" · ")) }
                        td.number data-name="Runs" { (function.invocations) }
                        td.number.bad[function.failures > 0] data-name="Failures" { (function.failures) }
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
            table.cards {
                thead { tr { th { "Queue" } th.number { "Waiting" } th.number { "In work" } th.number { "Delayed" } } }
                @for queue in queues {
                    tr {
                        td { (queue.name) }
                        td.number.bad[queue.is_dead_letters && queue.visible > 0] data-name="Waiting" { (queue.visible) }
                        td.number data-name="In work" { (queue.in_flight) }
                        td.number data-name="Delayed" { (queue.delayed) }
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
            table.cards {
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
