//! The story's accounts: what each route, event and action spends.

use std::collections::{BTreeMap, BTreeSet};

use assetbox::cloud::Call as AwsCall;
use assetbox_tests::budget::{Spent, which};

use super::limits;
use super::meter::{Handled, Meter, Turn};
use super::tariff::Tariff;
use super::usage::Usage;
use crate::contract::document::{functions, routes};
use crate::support::{Answer, Call, Caller, Client, TestMachine};

/// Counts what each route, event and action spends.
pub struct Book<'m> {
    pub machine: &'m TestMachine,
    pub tariff: &'m Tariff,
    pub meter: &'m Meter,
    /// The costliest visit of each route.
    pub visits: BTreeMap<&'static str, Visit>,
    /// The costliest of each event.
    pub events: BTreeMap<String, Handled>,
    /// What people do, in the order in which they do it.
    pub actions: Vec<(&'static str, Usage)>,
    /// What was spent over a budget.
    pub overruns: BTreeSet<String>,
    /// The routes that have no budget, because their calls grow with what they read.
    pub unbounded: BTreeSet<&'static str>,
    owners: BTreeMap<String, &'static str>,
    budgets: BTreeMap<&'static str, u32>,
    /// Whether what happens now is a part of the last action.
    acting: bool,
    /// The calls of the last visit.
    last: Vec<AwsCall>,
}

/// One request and what followed from it.
#[derive(Debug, Clone)]
pub struct Visit {
    /// The logical id of the route's function.
    pub function: &'static str,
    /// Whether a session was recognised, which costs one BatchGetItem.
    pub with_session: bool,
    /// The function's calls.
    pub calls: Vec<AwsCall>,
    /// The events that it led to.
    pub after: Vec<Handled>,
}

impl<'m> Book<'m> {
    /// Nothing spent yet.
    pub fn open(machine: &'m TestMachine, meter: &'m Meter, tariff: &'m Tariff) -> Self {
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
            tariff,
            meter,
            visits: BTreeMap::new(),
            events: BTreeMap::new(),
            actions: Vec::new(),
            overruns: BTreeSet::new(),
            owners: owners.collect(),
            budgets: functions
                .values()
                .flat_map(|function| function.budgets.iter().copied())
                .collect(),
            unbounded: functions
                .values()
                .flat_map(|function| function.unbounded.iter().copied())
                .collect(),
            acting: false,
            last: Vec::new(),
        }
    }

    /// Begins an action, or goes on with the last one: what is paid until its end is its.
    pub async fn begin(&mut self, action: &'static str) {
        self.rest().await;
        if self.actions.last().is_none_or(|(last, _)| *last != action) {
            self.actions.push((action, Usage::default()));
        }
        self.acting = true;
    }

    /// Ends the action.
    pub async fn end(&mut self) {
        self.rest().await;
        self.acting = false;
    }

    /// Adds to the action what goes past the API: the bytes to and from the bucket.
    pub fn add(&mut self, usage: Usage) {
        if self.acting {
            let (_, sum) = self.actions.last_mut().expect("an action");
            *sum = std::mem::take(sum).and(usage);
        }
    }

    /// Sends a call and holds what it costs against the route's budget.
    pub async fn pay<C: Caller>(
        &mut self,
        route: &'static str,
        client: &Client<C>,
        call: Call,
        status: u16,
    ) -> Answer {
        self.rest().await;
        self.visit(None, route, client, call, status).await
    }

    /// Sends a call before the events that wait for their turn; they follow it.
    pub async fn pay_ahead<C: Caller>(
        &mut self,
        turn: Turn,
        route: &'static str,
        client: &Client<C>,
        call: Call,
        status: u16,
    ) -> Answer {
        self.visit(Some(turn), route, client, call, status).await
    }

    /// Adds an action that is the last visit with so many assets found in place of the one there
    /// is: a query reads their sum, a batch each of them.
    pub fn widen(&mut self, action: &'static str, function: &str, found: f64) {
        let bytes = found * self.tariff.assumed("asset.item_bytes");
        let mut calls = self.last.clone();
        // the first one recognises the session
        for call in calls.iter_mut().skip(1) {
            call.read_units *= match call.operation.as_str() {
                "Query" => (bytes / 4096.0).ceil(),
                _ => found,
            };
        }
        let answer = self.tariff.sent(bytes / 1e9);
        let usage = self.of_request(function, &calls).and(answer);
        self.actions.push((action, usage));
    }

    async fn visit<C: Caller>(
        &mut self,
        turn: Option<Turn>,
        route: &'static str,
        client: &Client<C>,
        call: Call,
        status: u16,
    ) -> Answer {
        let function = self.owners[route];
        let count = self.machine.count(function);
        let answer = client.send(call).await;
        answer.is(status);
        let calls = count.calls();
        drop(turn);
        let signed = client.caller.sign(Call::new("GET", "/"));
        let with_session = signed.has("authorization");
        self.add(self.of_request(function, &calls));
        self.last.clone_from(&calls);
        let visit = Visit {
            function,
            with_session,
            calls,
            after: self.rest().await,
        };
        self.hold_route(route, &visit);
        self.keep(route, visit);
        answer
    }

    /// Waits until everything has had its consequences, and accounts for them.
    pub async fn rest(&mut self) -> Vec<Handled> {
        self.machine.settled().await;
        let mut handled = self.meter.take();
        // a run with nothing due is counted by itself; others come when their time has come
        handled.retain(|event| event.event != "schedule");
        for event in &handled {
            self.add(self.of_event(event));
            self.hold_event(event);
            let costlier = self.events.get(&event.event).is_none_or(|known| {
                self.cost(&self.of_event(event)) > self.cost(&self.of_event(known))
            });
            if costlier {
                self.events.insert(event.event.clone(), event.clone());
            }
        }
        handled
    }

    fn keep(&mut self, route: &'static str, visit: Visit) {
        let known = self.visits.get(route);
        let costlier = known.is_none_or(|known| {
            self.cost(&self.of_visit(&visit)) > self.cost(&self.of_visit(known))
        });
        if costlier {
            self.visits.insert(route, visit);
        }
    }

    fn cost(&self, usage: &Usage) -> f64 {
        self.tariff.cost(usage)
    }

    /// A request by itself.
    pub fn of_request(&self, function: &str, calls: &[AwsCall]) -> Usage {
        self.tariff
            .request()
            .and(self.tariff.invocation(function))
            .and(Usage::of_calls(calls))
    }

    /// A request with what followed from it.
    pub fn of_visit(&self, visit: &Visit) -> Usage {
        let events = visit.after.iter().map(|event| self.of_event(event));
        let alone = self.of_request(visit.function, &visit.calls);
        events.fold(alone, Usage::and)
    }

    /// An event; a queue's message is received and deleted, and sent, by a call for a job and
    /// otherwise by the service that tells of something.
    pub fn of_event(&self, event: &Handled) -> Usage {
        let requests = match event
            .event
            .split_once(':')
            .map_or(&*event.event, |(queue, _)| queue)
        {
            "JobsQueue" => 2.0,
            queue if queue.ends_with("Queue") => 3.0,
            "TaggingQueue" => 3.0,
            _ => 0.0,
        };
        self.tariff
            .invocation(&event.function)
            .and(Usage::of("sqs.request", requests))
            .and(Usage::of_calls(&event.calls))
    }

    fn hold_route(&mut self, route: &'static str, visit: &Visit) {
        let calls = self.budgets[route] + u32::from(visit.with_session);
        let budget = limits::route(route, calls);
        self.hold(route, &visit.calls, budget);
    }

    fn hold_event(&mut self, event: &Handled) {
        self.hold(&event.event, &event.calls, limits::event(&event.event));
    }

    /// Notes what is over its budget.
    pub fn hold(&mut self, what: &str, calls: &[AwsCall], budget: Spent) {
        let spent = Spent::by(calls);
        if !spent.within(&budget) {
            let which = which(calls);
            self.overruns.insert(format!(
                "{what} spends {spent} ({which}); its budget is {budget}"
            ));
        }
    }

    /// Every route that has a budget.
    pub fn budgeted(&self) -> impl Iterator<Item = &&'static str> {
        self.budgets.keys()
    }
}
