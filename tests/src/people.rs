//! People. Every one is made of canaries: words that stand nowhere else, so that a test can
//! prove where their data is and where it is not.

use serde_json::{Value, json};

use crate::http::{Anonymous, Answer, Bearer, Client, Cookie};
use crate::{TestMachine, canary, random};

/// Somebody, before they have an account.
#[derive(Debug, Clone)]
pub struct Person {
    /// Their full name.
    pub name: String,
    /// The address that they sign in with.
    pub email: String,
    /// In the international form (E.164), of a country outside the EEA.
    pub phone: String,
    /// The company that they work for.
    pub company: String,
    /// What they are there.
    pub position: String,
    /// Their password.
    pub password: String,
    /// How their browser names itself.
    pub user_agent: String,
}

#[expect(
    clippy::new_without_default,
    reason = "everybody is somebody else, and a default is always the same"
)]
impl Person {
    /// Somebody else than everybody before.
    pub fn new() -> Self {
        let digits = u64::from_be_bytes(random()) % 10_u64.pow(12);
        Self {
            name: canary("Name"),
            email: format!("{}@example.com", canary("email").to_lowercase()),
            phone: format!("+44{digits:012}"),
            company: canary("Company"),
            position: canary("Position"),
            password: canary("Secret"),
            user_agent: canary("Browser"),
        }
    }

    /// What must be found nowhere once the person is erased.
    pub fn canaries(&self) -> Vec<String> {
        [
            &self.name,
            &self.email,
            &self.phone,
            &self.company,
            &self.position,
            &self.password,
            &self.user_agent,
        ]
        .map(String::clone)
        .into()
    }

    /// The sign-up form with these boxes.
    pub fn form(&self, boxes: &[Value]) -> Value {
        json!({
            "name": self.name,
            "email": self.email,
            "phone": self.phone,
            "company": self.company,
            "position": self.position,
            "password": self.password,
            "locale": "en",
            "consents": boxes,
        })
    }
}

/// A box of a consent as the form sends it: the text that binds now, ticked or not.
pub fn tick(machine: &TestMachine, document: &str, ticked: bool) -> Value {
    let publication = domain::policy::current(document, machine.now()).unwrap();
    let text = publication.text(domain::policy::Locale::En).unwrap();
    json!({
        "document": document,
        "version": publication.version,
        "sha256": text.sha256,
        "locale": "en",
        "ticked": ticked,
    })
}

/// What somebody says of the version of a document that was posted last.
pub fn stance(machine: &TestMachine, document: &str, accepted: bool) -> Value {
    let mut shown = tick(machine, document, accepted);
    let fields = shown.as_object_mut().unwrap();
    fields.remove("document");
    fields.remove("ticked");
    fields.insert("accepted".to_owned(), json!(accepted));
    shown
}

/// Somebody with an account, signed in by a program's token.
pub struct User {
    /// Who.
    pub person: Person,
    /// The id of the workspace that the session is for.
    pub workspace: String,
    /// With the token in `Authorization`.
    pub api: Client<Bearer>,
}

impl User {
    /// The session's token.
    pub fn token(&self) -> &str {
        &self.api.caller.0
    }

    /// The same session in a browser that shows one of our pages.
    pub fn browser(&self) -> Client<Cookie> {
        self.api.with(Cookie(self.token().to_owned()))
    }
}

impl TestMachine {
    /// This person's browser, not signed in.
    pub fn browser_of(&self, person: &Person) -> Client<Anonymous> {
        Client {
            user_agent: person.user_agent.clone(),
            ..self.anonymous()
        }
    }

    /// Sends the form with the required box ticked and the others as said.
    pub async fn sign_up(&self, person: &Person, also: &[&str]) -> Answer {
        let optional = ["marketing-consent", "transfer-consent"];
        let mut boxes = vec![tick(self, "processing-consent", true)];
        boxes.extend(optional.map(|document| tick(self, document, also.contains(&document))));
        let answer = self
            .browser_of(person)
            .post("/signup", &person.form(&boxes))
            .await;
        self.settled().await;
        answer
    }

    /// Uses the link that was mailed to the person.
    pub async fn verify(&self, person: &Person) -> Answer {
        let token = self.link(&person.email, "signup").await;
        let answer = self
            .browser_of(person)
            .post("/signup/verify", &json!({"token": token}))
            .await;
        self.settled().await;
        answer
    }

    /// A session with the person's password.
    pub async fn sign_in(&self, person: &Person) -> User {
        let browser = self.browser_of(person);
        let credentials = json!({"email": person.email, "password": person.password});
        let session = browser.post("/sessions", &credentials).await.json(201);
        let token = session["token"].as_str().expect("a token").to_owned();
        User {
            person: person.clone(),
            workspace: session["workspace_id"].as_str().unwrap().to_owned(),
            api: browser.with(Bearer(token)),
        }
    }

    /// From the form to a session: somebody new with a workspace of their own.
    pub async fn user(&self) -> User {
        self.user_like(Person::new(), &[]).await
    }

    /// This person with an account, given the consents to these documents also.
    pub async fn user_like(&self, person: Person, also: &[&str]) -> User {
        self.sign_up(&person, also).await.is(202);
        self.verify(&person).await.is(200);
        self.sign_in(&person).await
    }

    /// Somebody of the compliance staff.
    pub async fn staff(&self) -> User {
        let person = Person {
            email: "staff@assetbox.example".to_owned(),
            ..Person::new()
        };
        self.user_like(person, &[]).await
    }
}
