//! Somebody leaves a workspace that others live on in: the company's assets stay and forget who
//! uploaded them (clause 1.4).

use std::collections::BTreeSet;

use domain::ids::{SubjectId, WorkspaceId};
use domain::time::shift;
use domain::token::SessionToken;
use domain::workspace::Role;
use serde_json::{Value, json};
use store::catalog::Member;
use store::people::{PersonRecord, SESSION_LENGTH, Session, person_key};

use super::{erase, proven};
use crate::support::{Bearer, TestMachine, User};

pub(super) async fn subject(user: &User) -> SubjectId {
    user.api.get("/me").await.json(200)["id"]
        .as_str()
        .unwrap()
        .parse()
        .unwrap()
}

/// Makes `colleague` a member of the other's workspace, with a session there.
pub(super) async fn join(machine: &TestMachine, colleague: &User, workspace: WorkspaceId) -> User {
    let (db, now, subject) = (machine.db(), machine.now(), subject(colleague).await);
    let member = Member {
        workspace,
        subject,
        role: Role::Member,
        joined_at: now,
        declined_at: None,
    };
    db.put(&member).await.unwrap();
    let record: PersonRecord = db.get(&person_key(subject)).await.unwrap().unwrap();
    let login = record.login.clone();
    let workspaces: BTreeSet<_> = record
        .workspaces
        .iter()
        .copied()
        .chain([workspace])
        .collect();
    db.put(&PersonRecord {
        workspaces,
        ..record
    })
    .await
    .unwrap();
    let token = SessionToken::generate(workspace, subject);
    let session = Session {
        subject,
        workspace,
        token: token.hash(),
        login,
        authenticated_at: now,
        expires_at: shift(now, SESSION_LENGTH),
    };
    db.put(&session).await.unwrap();
    User {
        person: colleague.person.clone(),
        workspace: workspace.to_string(),
        api: colleague.api.with(Bearer(token.reveal())),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_assets_stay_without_their_uploader_and_somebody_else_owns_the_workspace() {
    let machine = TestMachine::start().await;
    let (owner, colleague) = (machine.user().await, machine.user().await);
    let staff = machine.staff().await;
    let there = join(&machine, &colleague, owner.workspace.parse().unwrap()).await;
    let of_owner = machine.upload_png(&owner.api).await;
    let of_colleague = machine.upload_png(&there.api).await;
    let who = subject(&owner).await.to_string();
    let uploaded_by = async |asset: &str| {
        there.api.get(format!("/assets/{asset}")).await.json(200)["uploaded_by"].clone()
    };
    assert_eq!(uploaded_by(&of_owner).await, json!(who));
    assert_eq!(
        there.api.get("/workspace").await.json(200)["role"],
        "member"
    );

    let address = erase(&machine, &owner, &staff).await;
    let certificate = proven(&machine, &address).await;
    assert!(certificate.probe.workspaces.is_empty());
    assert_eq!(uploaded_by(&of_owner).await, Value::Null);
    assert_ne!(uploaded_by(&of_colleague).await, Value::Null);
    there
        .api
        .get(format!("/assets/{of_owner}/download"))
        .await
        .is(200);
    assert_eq!(there.api.get("/workspace").await.json(200)["role"], "owner");
    for table in ["CatalogTable", "PeopleTable", "KeysTable"] {
        for item in machine.items(table).await {
            assert!(!format!("{item:?}").contains(&who), "{table}: {item:?}");
        }
    }
    owner.api.get("/me").await.problem(401, "sign_in_required");

    // The last one takes the workspace along.
    let address = erase(&machine, &colleague, &staff).await;
    let certificate = proven(&machine, &address).await;
    assert_eq!(certificate.probe.workspaces.len(), 2);
    assert_eq!(machine.keys_of("AssetsBucket"), Vec::<String>::new());
}
