/**
 * The pages as such, in a real browser: accessible by axe's rules in light, dark and narrow, usable by keyboard alone,
 * deaf to hostile text, and closed when the session is.
 */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { after, before, test } from "node:test";
import { testBundle, testRules } from "../../packages/server/src/gate-testing.ts";
import { type ConsoleTest, openConsole, skip, type Visitor } from "./harness.ts";

const AXE = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"];
const HOSTILE =
  "eu\u202etset\u200b<img src=x onerror=\"fetch('https://evil.example')\"><script>alert(1)</script>\u2066\ufeff";

let console: ConsoleTest;
let dana: Visitor;

before(async () => {
  if (skip !== false) return;
  console = await openConsole();
  dana = await console.signedIn("dana", ["admin", "approver"]);
});
after(() => console?.close());

/** What axe finds wrong, one line each. */
async function violations(visitor: Visitor): Promise<string[]> {
  await visitor.page.evaluate(AXE);
  const found: { id: string; nodes: { target: string[] }[] }[] = await visitor.page.evaluate(
    `axe.run(document, { runOnly: ${JSON.stringify(RULES)} }).then(({ violations }) => violations.map(({ id, nodes }) => ({ id, nodes: nodes.map(({ target }) => ({ target })) })))`,
  );
  return found.map(({ id, nodes }) => `${id}: ${nodes.map(({ target }) => target.join(" ")).join(", ")}`);
}

test("console: every page is clean by axe, in light and dark, wide and narrow", { skip }, async () => {
  const replaced = await console.ask({ vpc: "vpc-1", environment: "prod", region: HOSTILE });
  await console.gate.publish(testBundle(testRules, "another text"));
  await console.gate.sweeper.sweep();
  const { superseded_by: successor } = await console.gate.call("getApproval", console.gate.auditor, {
    params: { approval_id: replaced.approvalId },
  });
  const { approvalId } = await console.ask({ vpc: "vpc-1", environment: "prod", cost: 12.5, region: HOSTILE });
  const { url } = await console.admin("person.link", { person: "visitor" });
  const pages: readonly (readonly [string, string])[] = [
    [`/approvals/${replaced.approvalId}`, "A new request replaced this one."],
    [`/approvals/${successor}`, "Votes on that one do not count here."],
    ["/inbox", "What would run"],
    ["/inbox?state=REJECTED", "There is nothing in this state."],
    [`/approvals/${approvalId}`, "What is signed"],
    ["/account", "End all, and sign out"],
    ["/people", "In this tenant"],
    ["/approvals/nothing", "There is no such page"],
  ];
  for (const [colorScheme, width] of [
    ["light", 1280],
    ["dark", 1280],
    ["light", 360],
    ["dark", 360],
  ] as const) {
    await dana.page.emulateMedia({ colorScheme });
    await dana.page.setViewportSize({ width, height: 900 });
    const check = async (what: string) =>
      assert.deepEqual(await violations(dana), [], `${what}, ${colorScheme}, ${width}`);
    for (const [path, words] of pages) {
      await dana.goto(path);
      await dana.page.getByText(words).first().waitFor();
      await check(path);
    }
    await dana.goto(`/approvals/${approvalId}`);
    for (const summary of await dana.page.locator("summary").all()) await summary.click();
    await dana.page.getByLabel("Approve").check();
    await dana.page.getByLabel("Reason").selectOption("CHANGE_REVIEWED");
    await dana.page.getByRole("button", { name: "Review once more" }).click();
    await dana.page.getByRole("dialog").waitFor();
    await check("the second step");
    const wide: boolean = await dana.page.evaluate("document.documentElement.scrollWidth > innerWidth");
    assert.equal(wide, false, `it scrolls sideways at ${width}`);

    const stranger = await console.person({ colorScheme, width });
    for (const [path, words] of [
      ["/sign-in?refused=sign-in-refused", "Sign in with a passkey"],
      ["/setup", "The link is not whole."],
      [String(url).slice(console.origin.length), "Make my passkey"],
    ] as const) {
      await stranger.page.goto(console.origin + path);
      await stranger.page.getByText(words).first().waitFor();
      assert.deepEqual(await violations(stranger), [], `${path}, ${colorScheme}, ${width}`);
    }
    await stranger.close();
  }
  await dana.page.emulateMedia({ colorScheme: "light" });
  await dana.page.setViewportSize({ width: 1280, height: 900 });
});

test("console: control: axe sees what is wrong", { skip }, async () => {
  const spoiled = await console.person();
  await spoiled.page.goto(`${console.origin}/sign-in`);
  await spoiled.page.getByRole("button", { name: "Sign in with a passkey" }).waitFor();
  await spoiled.page.evaluate(`(() => {
    document.querySelector("button").textContent = "";
    document.querySelector(".aside").style.setProperty("color", "#ccc");
  })()`);
  const found = await violations(spoiled);
  assert.ok(
    found.some((line) => line.startsWith("button-name")),
    found.join("\n"),
  );
  assert.ok(
    found.some((line) => line.startsWith("color-contrast")),
    found.join("\n"),
  );
  await spoiled.close();
});

test("console: from the inbox to a signed vote by keyboard alone", { skip }, async () => {
  const visitor = await console.signedIn("keys");
  await console.ask();
  const { page } = visitor;
  await page.getByRole("link", { name: "terraform" }).first().waitFor();
  const press = async (...keys: string[]) => {
    for (const key of keys) await page.keyboard.press(key);
  };
  const focused = (): Promise<string> =>
    page.evaluate("document.activeElement.textContent || document.activeElement.id");
  await press("j");
  assert.equal(await focused(), "terraform");
  await press("Enter");
  await page.getByRole("heading", { name: "Arguments" }).waitFor();
  // To the form by Tab, as it comes; the browser's own order is the page's.
  const label = (): Promise<string> => page.evaluate("document.activeElement?.labels?.[0]?.textContent ?? ''");
  for (let n = 0; n < 40 && (await label()) !== "Approve"; n++) await press("Tab");
  await press("Space", "Tab");
  await page.keyboard.type("Ch");
  await press("Tab", "Tab", "Enter");
  const dialog = page.getByRole("dialog");
  await dialog.getByText("Change reviewed").waitFor();
  await press("Escape");
  assert.equal(await dialog.count(), 0);
  assert.equal(await focused(), "Review once more…"); // the focus comes back to where it was
  await press("Enter", "Space", "Tab", "Tab", "Enter");
  await page.getByText("Your vote is in the log.").waitFor();
  assert.match(await focused(), /Your vote is in the log/);
  assert.deepEqual(visitor.troubles, []);
  await visitor.close();
});

test("console: single keys go through pages, say which there are, and can be turned off", { skip }, async () => {
  const { page } = dana;
  await dana.goto("/inbox");
  await page.getByRole("heading", { name: "Inbox" }).waitFor();
  await page.keyboard.press("g");
  await page.keyboard.press("a");
  await page.getByRole("heading", { name: "Account" }).waitFor();
  await page.keyboard.press("?");
  await page.getByLabel("Single keys work").uncheck();
  await page.keyboard.press("Escape");
  for (const key of ["g", "i", "?"]) await page.keyboard.press(key);
  assert.equal(await page.getByRole("heading", { name: "Account" }).count(), 1);
  assert.equal(await page.getByRole("dialog").count(), 0);
  await page.getByRole("button", { name: "Keys" }).click();
  await page.getByLabel("Single keys work").check();
  await page.getByRole("button", { name: "Close" }).click();
  await page.keyboard.press("g");
  await page.keyboard.press("i");
  await page.getByRole("heading", { name: "Inbox" }).waitFor();
});

test("console: hostile text is text: nothing runs, nothing is fetched, nothing hides", { skip }, async () => {
  const { approvalId } = await console.ask({ vpc: "vpc-1", environment: "prod", cost: 12.5, region: HOSTILE });
  await dana.goto(`/approvals/${approvalId}`);
  const exact = dana.page.getByLabel("Arguments, exactly");
  await exact.waitFor();
  const shown = (await exact.textContent()) ?? "";
  for (const written of ["\\u{202e}", "\\u{200b}", "\\u{2066}", "\\u{feff}"])
    assert.ok(shown.includes(written), written);
  assert.ok(shown.includes("<script>alert(1)</script>"));
  assert.equal(/[\u202e\u200b\u2066\ufeff]/.test((await dana.page.locator("body").textContent()) ?? ""), false);
  assert.ok((await exact.locator("mark").count()) >= 4);
  await dana.page.getByText("Some characters draw nothing or reorder text").first().waitFor();
  assert.deepEqual(dana.troubles, []);
});

test("console: control: what would run is stopped by the policy, and the test hears of it", { skip }, async () => {
  const spoiled = await console.person();
  await spoiled.page.goto(`${console.origin}/sign-in`);
  await spoiled.page.getByRole("button", { name: "Sign in with a passkey" }).waitFor();
  assert.deepEqual(spoiled.troubles, []);
  const tries = [
    `const s = document.createElement("script"); s.textContent = "window.ran = 1"; document.body.append(s)`,
    `document.body.innerHTML = "<img src=x onerror='window.ran = 1'>"`,
    `const d = document.createElement("div"); d.setAttribute("style", "color:red"); d.setAttribute("onclick", "window.ran = 1"); document.body.append(d); d.click()`,
    `fetch("https://evil.example").catch(() => {})`,
    `new Image().src = "https://evil.example/x"`,
    `eval("window.ran = 1")`,
  ];
  for (const script of tries) {
    const before = spoiled.troubles.length;
    // A listener of the page's own, because evaluate() itself is outside the page's policy.
    await spoiled.page
      .evaluate(
        `new Promise((resolve) => { setTimeout(() => { try { ${script} } catch (e) { console.error(e.name) } setTimeout(resolve, 100) }) })`,
      )
      .catch(() => {});
    assert.ok(spoiled.troubles.length > before, script);
  }
  assert.equal(await spoiled.page.evaluate("window.ran"), undefined);
  await spoiled.close();
});

test("console: no other page can hold these in a frame, and no page is kept", { skip }, async () => {
  const response = await dana.page.request.get(`${console.origin}/inbox`);
  const headers = response.headers();
  assert.match(headers["content-security-policy"] ?? "", /frame-ancestors 'none'/);
  assert.equal(headers["cache-control"], "no-store");
});

test("console: who comes to 127.0.0.1 is led to localhost", { skip }, async () => {
  const visitor = await console.person();
  await visitor.page.goto(`${console.origin.replace("localhost", "127.0.0.1")}/sign-in`);
  assert.equal(new URL(visitor.page.url()).hostname, "localhost");
  await visitor.close();
});

test("console: an admin makes a link after a fresh confirmation; the person uses it", { skip }, async () => {
  const { page } = dana;
  console.clock.advance(6 * 60_000); // the confirmation of the sign-in is old
  await dana.goto("/people");
  await page.getByLabel("Person").fill("grace@example.com");
  await page.getByLabel("Votes as").fill("oncall_sre, finance");
  await page.getByRole("button", { name: "Make a link" }).click();
  await page.getByRole("heading", { name: "Confirm that it is you" }).waitFor();
  await page.getByRole("button", { name: "Confirm with passkey" }).click();
  const link = (await page.locator(".link-text").textContent()) ?? "";
  const grace = await console.person();
  await grace.page.goto(link);
  await grace.page.getByRole("button", { name: "Make my passkey" }).click();
  await grace.page.getByRole("heading", { name: "Inbox" }).waitFor();
  assert.equal(await grace.page.getByRole("link", { name: "People" }).count(), 0); // no admin
  await grace.close();
  await page.reload();
  await page.getByRole("rowheader", { name: "grace@example.com" }).waitFor();
});

test("console: a second passkey is added, and all other sessions are ended", { skip }, async () => {
  const visitor = await console.signedIn("two");
  const { page } = visitor;
  await page.getByRole("link", { name: "Account" }).click();
  // The authenticator holds one for this person already: the browser says so.
  await page.getByRole("button", { name: "Add a passkey" }).click();
  await page.getByText("This authenticator holds a passkey of yours").waitFor();
  await visitor.cdp.send("WebAuthn.addVirtualAuthenticator", {
    options: {
      protocol: "ctap2",
      transport: "usb",
      hasResidentKey: true,
      hasUserVerification: true,
      isUserVerified: true,
      automaticPresenceSimulation: true,
    },
  });
  await page.getByRole("button", { name: "Add a passkey" }).click();
  await page.getByText("The passkey counts from now on.").waitFor();
  await page.getByRole("button", { name: "End all others" }).click();
  await page.getByText("There were no others.").waitFor();
  await page.getByRole("button", { name: "End all, and sign out" }).click();
  await page.getByRole("button", { name: "Sign in with a passkey" }).waitFor();
  await visitor.close();
});

test("console: when the session has ended the page says so, shows nothing more, and one goes on where one was", {
  skip,
}, async () => {
  const visitor = await console.signedIn("idle");
  const { approvalId } = await console.ask();
  await visitor.goto(`/approvals/${approvalId}`);
  await visitor.page.getByRole("heading", { name: "Arguments" }).waitFor();
  await console.admin("person.sign-out", { person: "idle" });
  await visitor.page.getByText("Your session has ended.").waitFor();
  assert.equal(await visitor.page.getByRole("heading", { name: "Arguments" }).count(), 0);
  await visitor.page.getByRole("button", { name: "Sign in with a passkey" }).click();
  await visitor.page.getByRole("heading", { name: "Arguments" }).waitFor();
  assert.ok(visitor.page.url().endsWith(approvalId));
  await visitor.close();
});

test("console: in a tenant past its beginning a passkey waits, is compared, and then signs in", { skip }, async (t) => {
  const production = await openConsole({ kind: "production" });
  t.after(() => production.close());
  const admin = await production.signedIn("root", ["admin", "approver"]);
  // With the policy's publish, these are the five acts one person may do alone.
  for (let n = 0; n < 3; n++) await (await production.signedIn(`person-${n}`)).close();
  const late = await production.person();
  const { url } = await production.admin("person.link", { person: "late@example.com" });
  await late.page.goto(String(url));
  await late.page.getByText("another person has to say yes").waitFor();
  await late.page.getByRole("button", { name: "Make my passkey" }).click();
  await late.page.getByText("Your passkey was made.").waitFor();
  assert.deepEqual(await violations(late), []);
  const fingerprint = await late.page.locator(".fingerprint").textContent();
  await late.goto("/sign-in");
  await late.page.getByRole("button", { name: "Sign in with a passkey" }).click();
  await late.page.getByText("The sign-in was refused.").waitFor();

  await admin.goto("/people");
  await admin.page.getByText("late@example.com").first().waitFor();
  assert.equal(await admin.page.locator(".fingerprint").textContent(), fingerprint);
  assert.deepEqual(await violations(admin), []);
  await admin.page.getByRole("button", { name: "It is equal: approve" }).click();
  await admin.page.getByText("Passkeys that wait for your word").waitFor({ state: "detached" });
  await late.page.getByRole("button", { name: "Sign in with a passkey" }).click();
  await late.page.getByRole("heading", { name: "Inbox" }).waitFor();
  assert.deepEqual([...late.troubles, ...admin.troubles], []);
});

test("console: nothing in all of this broke the policy of the pages", { skip }, () => {
  assert.deepEqual(dana.troubles, []);
});
