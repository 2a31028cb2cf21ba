//! Every route's AWS calls, counted against its budget (invariant 11).

mod catalog;
mod people;
mod requests;

use std::collections::BTreeMap;

use serde_json::Value;

use super::document::{functions, routes};
use crate::support::provider::Provider;
use crate::support::{Answer, Call, Caller, Client, Person, TestMachine};

/// Counts what each route spends.
struct Book<'m> {
    machine: &'m TestMachine,
    owners: BTreeMap<String, &'static str>,
    budgets: BTreeMap<&'static str, u32>,
    spent: BTreeMap<&'static str, u32>,
}

impl<'m> Book<'m> {
    fn open(machine: &'m TestMachine) -> Self {
        let functions = functions();
        let owners = routes(machine).into_iter().map(|(route, function)| {
            let id = functions
                .keys()
                .find(|id| **id == function)
                .expect("a function");
            (route, *id)
        });
        Self {
            machine,
            owners: owners.collect(),
            budgets: functions
                .values()
                .flat_map(|(_, budgets)| budgets.iter().copied())
                .collect(),
            spent: BTreeMap::new(),
        }
    }

    /// Sends a call and holds what it costs against the route's budget. Sessions cost the one
    /// BatchGetItem that the budget leaves out.
    async fn pay<C: Caller>(
        &mut self,
        route: &'static str,
        client: &Client<C>,
        call: Call,
        status: u16,
    ) -> Answer {
        self.machine.settled().await;
        let count = self.machine.count(self.owners[route]);
        let answer = client.send(call).await;
        answer.is(status);
        let operations = count.operations();
        let with_session = client
            .caller
            .sign(Call::new("GET", "/"))
            .has("authorization");
        let spent = u32::try_from(operations.len()).unwrap() - u32::from(with_session);
        assert!(
            spent <= self.budgets[route],
            "{route} spends {spent}: {operations:?}"
        );
        self.spent.insert(route, spent);
        self.machine.settled().await;
        answer
    }

    /// Says what each route spends: `benches` puts it into docs/performance.md.
    #[expect(clippy::print_stdout, reason = "captured unless it is asked for")]
    fn say(&self) {
        println!();
        for (route, spent) in &self.spent {
            let (owner, budget) = (self.owners[*route], self.budgets[*route]);
            println!("aws-calls\t{route}\t{owner}\t{spent}\t{budget}");
        }
    }
}

fn get(path: impl Into<String>) -> Call {
    Call::new("GET", path)
}

fn post(path: impl Into<String>, body: &Value) -> Call {
    Call::new("POST", path).json(body)
}

fn act(path: impl Into<String>) -> Call {
    Call::new("POST", path)
}

fn text(value: &Value) -> String {
    value.as_str().expect("a text").to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn no_route_spends_more_than_its_budget() {
    let provider = Provider::start().await;
    let machine = TestMachine::start_configured(&[("StripeApiUrl", &provider.url)]).await;
    let mut book = Book::open(&machine);

    let person = Person::new();
    people::sign_up(&mut book, &person).await;
    people::account(&mut book, &person).await;
    people::new_password(&mut book, &person).await;
    let person = people::new_address(&mut book, &person).await;
    people::unsubscribe(&mut book, &person).await;
    let user = machine.sign_in(&person).await;
    catalog::payments(&mut book, &user, &provider).await;
    let asset = catalog::uploads(&mut book, &user).await;
    catalog::assets(&mut book, &user, &asset).await;
    requests::requests(&mut book).await;
    people::sign_out(&mut book, &person).await;

    book.say();
    let all: Vec<_> = book.budgets.keys().collect();
    let counted: Vec<_> = book.spent.keys().collect();
    assert_eq!(counted, all, "every route is counted");
}
