/** One message as an e-mail: plain text, an id and a link. */
import { createTransport } from "nodemailer";

export type MailTarget = {
  /** smtp://user:password@host:587 or smtps://… */
  readonly url: string;
  readonly from: string;
  readonly to: string;
};

const TIMEOUT_MS = 10_000;

/** Sends it; throws an Error that says why it was not taken. */
export async function sendMail(
  { url, from, to }: MailTarget,
  message: { readonly id: string; readonly subject: string; readonly text: string },
): Promise<void> {
  const { hostname, port, protocol, username, password } = new URL(url);
  const secure = protocol === "smtps:";
  const transport = createTransport({
    host: hostname.replace(/^\[|\]$/g, ""),
    port: port === "" ? (secure ? 465 : 587) : Number(port),
    secure,
    // A password crosses no network in the clear.
    requireTLS: !secure && username !== "",
    ...(username === "" ? {} : { auth: { user: decodeURIComponent(username), pass: decodeURIComponent(password) } }),
    connectionTimeout: TIMEOUT_MS,
    greetingTimeout: TIMEOUT_MS,
    socketTimeout: TIMEOUT_MS,
  });
  try {
    const { id, subject, text } = message;
    // The same message sent twice is the same message to a mail reader.
    await transport.sendMail({ from, to, subject, text, messageId: `<${id}@countersign>` });
  } finally {
    transport.close();
  }
}
