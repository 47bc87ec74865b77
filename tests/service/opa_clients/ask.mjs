// Asks a service with the OPA clients of npm and prints a line of JSON for each client.
// Arguments: the URL of the service, the module of the client, and a question.
const [url, module, text] = process.argv.slice(2);
const { OPAClient } = await import(module);
const client = new OPAClient(url, { headers: { authorization: "Bearer a-token-of-a-client-of-opa" } });
const question = JSON.parse(text);
const invalid = { report: 1 };
let error;
try {
  await client.evaluate("activenic/decision", invalid);
} catch (thrown) {
  error = [thrown.name, thrown.code, thrown.errors[0].code];
}
const decision = await client.evaluate("activenic/decision", question);
const batch = await client.evaluateBatch("activenic/resolved", { a: question, b: invalid });
console.log(
  JSON.stringify({
    resolved: await client.evaluate("activenic/resolved", question),
    name: decision.hostActiveNic,
    batch: await client.evaluateBatch("activenic/resolved", { a: question, b: question }),
    mixed: [batch.a, batch.b.code],
    error,
  }),
);
