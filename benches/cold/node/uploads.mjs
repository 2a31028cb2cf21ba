// POST /uploads as the function `uploads` does it, written plainly on the official SDK: the session
// by its token's hash, the reservation in one transaction, the presigned request. Beside it the loop
// on Lambda's Runtime API, which is less than what Lambda's own Node starts.
import { createHash, randomBytes } from "node:crypto";
import { BatchGetItemCommand, DynamoDBClient, TransactWriteItemsCommand } from "@aws-sdk/client-dynamodb";
import { PutObjectCommand, S3Client } from "@aws-sdk/client-s3";
import { getSignedUrl } from "@aws-sdk/s3-request-presigner";

const { TABLE_CATALOG, TABLE_PEOPLE, BUCKET_ASSETS, S3_FORCE_PATH_STYLE } = process.env;
const dynamodb = new DynamoDBClient({});
const s3 = new S3Client({ forcePathStyle: S3_FORCE_PATH_STYLE === "true" });

const DAY = 24 * 3600 * 1000;
const text = (value) => ({ S: value });

class Problem extends Error {
  constructor(status, code) {
    super(code);
    this.status = status;
  }
}

// A token is `abs_` and base64url of the workspace's id, the person's id and a secret.
function parsed(header) {
  const token = /^Bearer (abs_[\w-]+)$/i.exec(header ?? "")?.[1];
  if (!token) throw new Problem(401, "sign_in_required");
  const bytes = Buffer.from(token.slice(4), "base64url");
  if (bytes.length !== 64) throw new Problem(401, "sign_in_required");
  return {
    workspace: `wsp_${bytes.toString("hex", 0, 16)}`,
    subject: `usr_${bytes.toString("hex", 16, 32)}`,
    hash: createHash("sha256").update(`session\0${token}`).digest("hex"),
  };
}

async function signedIn(header, now) {
  const { workspace, subject, hash } = parsed(header);
  const partition = text(`WSP#${workspace}`);
  const catalog = [
    { pk: partition, sk: text(`MEMBER#${subject}`) },
    { pk: partition, sk: text("META") },
  ];
  const people = [{ pk: text(`SUBJ#${subject}`), sk: text(`SESSION#${hash}`) }];
  const { Responses } = await dynamodb.send(
    new BatchGetItemCommand({
      RequestItems: {
        [TABLE_CATALOG]: { Keys: catalog, ConsistentRead: true },
        [TABLE_PEOPLE]: { Keys: people, ConsistentRead: true },
      },
    }),
  );
  const [session] = Responses[TABLE_PEOPLE];
  const meta = Responses[TABLE_CATALOG].find((item) => item.sk.S === "META");
  const member = Responses[TABLE_CATALOG].find((item) => item.sk.S.startsWith("MEMBER#"));
  const holds = session && member && meta && session.workspace.S === workspace;
  if (!holds || Date.parse(session.expires_at.S) <= now) throw new Problem(401, "sign_in_required");
  const trial = meta.billing.M.trial?.M;
  if (meta.closing_since || !(trial && now < Date.parse(trial.ends_at.S))) {
    throw new Problem(403, "workspace_read_only");
  }
  return { workspace, subject, limit: Number(meta.storage_limit_bytes.N) };
}

function checked(body) {
  const { name, content_type: type, size_bytes: size, sha256 } = JSON.parse(body);
  const isNamed = typeof name === "string" && name.length >= 1 && name.length <= 255 && !name.includes("/");
  if (!isNamed) throw new Problem(422, "invalid_field");
  if (!/^(image|video|audio|text|application)\/[\w.+-]+$/.test(type)) throw new Problem(422, "unsupported_type");
  if (!Number.isInteger(size) || size < 1 || size >= 100 * 2 ** 20) throw new Problem(422, "invalid_field");
  if (!/^[0-9a-f]{64}$/i.test(sha256)) throw new Problem(422, "checksum_required");
  return { name, type, size, sha256: sha256.toLowerCase() };
}

// UUID, version 7 (RFC 9562).
function uuid(now) {
  const bytes = randomBytes(16);
  bytes.writeUIntBE(now, 0, 6);
  bytes[6] = 0x70 | (bytes[6] & 0x0f);
  bytes[8] = 0x80 | (bytes[8] & 0x3f);
  return bytes;
}

async function reserve(file, { workspace, subject, limit }, id, now) {
  const partition = text(`WSP#${workspace}`);
  const expires = new Date(now + 7 * DAY).toISOString();
  const upload = {
    pk: partition,
    sk: text(`UPLOAD#upl_${id.toString("hex")}`),
    workspace: text(workspace),
    id: text(`upl_${id.toString("hex")}`),
    state: text("open"),
    uploaded_by: text(subject),
    name: text(file.name),
    content_type: text(file.type),
    size_bytes: { N: String(file.size) },
    sha256: text(file.sha256),
    created_at: text(new Date(now).toISOString()),
    expires_at: text(expires),
    due_queue: text(`UPLOAD#${id[15] % 4}`),
    due_at: text(expires),
    expires_at_epoch: { N: String(Math.floor((now + 30 * DAY) / 1000)) },
  };
  await dynamodb.send(
    new TransactWriteItemsCommand({
      TransactItems: [
        {
          Update: {
            TableName: TABLE_CATALOG,
            Key: { pk: partition, sk: text("META") },
            UpdateExpression: "ADD stored_bytes :size",
            ConditionExpression: "stored_bytes <= :room AND attribute_not_exists(closing_since)",
            ExpressionAttributeValues: {
              ":size": { N: String(file.size) },
              ":room": { N: String(limit - file.size) },
            },
          },
        },
        { Put: { TableName: TABLE_CATALOG, Item: upload, ConditionExpression: "attribute_not_exists(pk)" } },
      ],
    }),
  );
  return expires;
}

async function presigned(file, key) {
  const headers = {
    "content-type": file.type,
    "content-length": String(file.size),
    "x-amz-checksum-sha256": Buffer.from(file.sha256, "hex").toString("base64"),
    "if-none-match": "*",
  };
  const put = new PutObjectCommand({
    Bucket: BUCKET_ASSETS,
    Key: key,
    ContentType: file.type,
    ContentLength: file.size,
    ChecksumSHA256: headers["x-amz-checksum-sha256"],
    IfNoneMatch: "*",
  });
  const names = new Set(Object.keys(headers));
  const url = await getSignedUrl(s3, put, { expiresIn: 3600, signableHeaders: names.add("host"), unhoistableHeaders: names });
  return { method: "PUT", url, headers };
}

async function begin(event) {
  const now = Date.now();
  const who = await signedIn(event.headers.authorization, now);
  const body = event.isBase64Encoded ? Buffer.from(event.body, "base64").toString() : event.body;
  const file = checked(body);
  const id = uuid(now);
  const expires = await reserve(file, who, id, now);
  const asset = `ast_${id.toString("hex")}`;
  return {
    id: `upl_${id.toString("hex")}`,
    asset_id: asset,
    state: "open",
    name: file.name,
    content_type: file.type,
    size_bytes: file.size,
    put: await presigned(file, `originals/${who.workspace}/${asset}/1`),
    parts: null,
    expires_at: expires,
  };
}

async function answer(event) {
  const as = (statusCode, type, body) => ({
    statusCode,
    headers: { "content-type": type, "x-request-id": event.requestContext.requestId },
    body: JSON.stringify(body),
    isBase64Encoded: false,
  });
  try {
    return as(201, "application/json", await begin(event));
  } catch (error) {
    if (!(error instanceof Problem)) throw error;
    return as(error.status, "application/problem+json", { status: error.status, code: error.message });
  }
}

const runtime = `http://${process.env.AWS_LAMBDA_RUNTIME_API}/2018-06-01/runtime/invocation`;
for (;;) {
  const next = await fetch(`${runtime}/next`);
  const id = next.headers.get("lambda-runtime-aws-request-id");
  try {
    const body = JSON.stringify(await answer(await next.json()));
    await fetch(`${runtime}/${id}/response`, { method: "POST", body });
  } catch (error) {
    const body = JSON.stringify({ errorType: error.name, errorMessage: error.message });
    await fetch(`${runtime}/${id}/error`, { method: "POST", body });
  }
}
