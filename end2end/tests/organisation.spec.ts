// An organisation proves its domain and has its people sign in with an issuer of its own: a real
// OpenID provider, and a name server that speaks the protocol.

import { PASSWORD, unique } from "../support/people";
import { StandIn, control } from "../support/stand-in-process";
import { expect, test } from "../support/test";

test("an organisation has its people come in by its own issuer alone", async ({ page, newPerson, browser, baseURL }) => {
  const issuer = await StandIn.start("oidc-provider.mjs", ["--claims", "token"]);
  try {
    const domain = `${unique("d")}.example`;
    const manager = await newPerson("client");
    const setUp = manager.page;
    await setUp.goto("/account");
    await setUp.getByRole("link", { name: "Organisation" }).click();
    await setUp.getByLabel("Name").fill("Acme Works");
    await setUp.getByRole("button", { name: "Set up my organisation" }).click();

    await setUp.getByLabel("Add a domain").fill(domain);
    await setUp.getByRole("button", { name: "Add", exact: true }).click();
    await setUp.getByRole("button", { name: `Look for the record of ${domain}` }).click();
    await expect(setUp.getByText("There is no TXT record of that name yet.")).toBeVisible();
    const record = {
      name: await setUp.getByLabel("Name", { exact: true }).inputValue(),
      text: await setUp.getByLabel("Text", { exact: true }).inputValue(),
    };
    await control(process.env.E2E_DNS!, "publish", record);
    await setUp.getByRole("button", { name: `Look for the record of ${domain}` }).click();
    await expect(setUp.getByText("The domain is proved to be yours.")).toBeVisible();

    const callback = await setUp.getByLabel("Redirect address to enter there").inputValue();
    await issuer.control("clients", [
      { client_id: "eighth", client_secret: "eighth-secret", redirect_uris: [callback] },
    ]);
    await setUp.getByRole("textbox", { name: "Issuer", exact: true }).fill(issuer.url);
    await setUp.getByLabel("Client ID").fill("eighth");
    await setUp.getByLabel("Client secret").fill("eighth-secret");
    await setUp.getByLabel("Claim with the groups").fill("groups");
    await setUp.getByLabel("More scopes").fill("groups");
    await setUp.getByLabel("Groups that hire").fill("buyers");
    await setUp.getByRole("button", { name: "Save the issuer" }).click();
    await expect(setUp.getByText("The issuer is saved.")).toBeVisible();

    const email = `noor@${domain}`;
    await issuer.control("account", { id: "noor", claims: { email, name: "Noor", groups: ["buyers"] } });
    await issuer.control("sign-in", { account: "noor" });
    await setUp.getByRole("button", { name: "Try signing in" }).click();
    await expect(setUp.getByText("It works: your issuer has let you in.")).toBeVisible();
    await setUp.getByRole("button", { name: "Require our issuer" }).click();
    await expect(setUp.getByText("From now on your people come in by your issuer alone.")).toBeVisible();

    // Somebody of the organisation who has no account yet.
    await page.goto("/sign-in?next=%2Fmy%2Fjobs");
    await page.getByLabel("E-mail address").fill(email);
    await page.getByRole("button", { name: "Sign in with your organisation" }).click();
    await expect(page.getByRole("heading", { level: 1, name: "My jobs" })).toBeVisible();
    await page.goto("/account/connections");
    await expect(page.locator(".account-main .row", { hasText: "Acme Works" })).toContainText("Your organisation");
    await page.goto("/account");
    await page.getByRole("button", { name: "Sign out on this device" }).click();

    // Whatever password they give, the address leads on, in a browser where they have never been as
    // well; and there is no other way.
    const elsewhere = await (await browser.newContext({ baseURL })).newPage();
    for (const one of [page, elsewhere]) {
      await one.goto("/sign-in");
      await one.getByLabel("E-mail address").fill(email);
      await one.getByLabel("Password").fill(PASSWORD);
      await one.getByRole("button", { name: "Sign in", exact: true }).click();
      await expect(one).toHaveURL("/");
      await one.goto("/account");
      await expect(one.getByText(email)).toBeVisible();
    }
    await page.getByRole("button", { name: "Sign out on this device" }).click();
    await page.goto("/forgotten");
    await page.getByLabel("E-mail address").fill(email);
    await page.getByRole("button", { name: "Send me a link" }).click();
    await expect(page.getByText("let in by their organisation alone")).toBeVisible();
  } finally {
    issuer.stop();
  }
});
