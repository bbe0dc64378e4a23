// The web SDK of OpenFeature with the OFREP provider: BASE_URL TOKEN. Prints what it serves, and what it sees change.
globalThis.localStorage ??= { getItem: () => null, setItem() {}, removeItem() {} };
const { OpenFeature, ProviderEvents } = await import('@openfeature/web-sdk');
const { OFREPWebProvider } = await import('@openfeature/ofrep-web-provider');
const [, , baseUrl, token] = process.argv;
const statuses = [];
const fetchImplementation = async (...request) => {
  const response = await fetch(...request);
  statuses.push(response.status);
  return response;
};
await OpenFeature.setContext({ targetingKey: 'u1', country: 'DE' });
const headers = [['Authorization', `Bearer ${token}`]];
const provider = new OFREPWebProvider({ baseUrl, headers, pollInterval: 300, fetchImplementation });
await OpenFeature.setProviderAndWait(provider);
const client = OpenFeature.getClient();
const changed = [];
OpenFeature.addHandler(ProviderEvents.ConfigurationChanged, (event) => changed.push(...event.flagsChanged));
const details = {};
for (const [key, kind, value] of [
  ['bool-on', 'Boolean', false], ['str', 'String', 'x'], ['int', 'Number', 1], ['float', 'Number', 2],
  ['obj', 'Object', {}], ['disabled', 'Boolean', true], ['nope', 'Boolean', true], ['targeted', 'Boolean', false],
]) details[key] = client[`get${kind}Details`](key, value);
while (!statuses.includes(304)) await new Promise((resolve) => setTimeout(resolve, 50));
const unchanged = [...changed];
await OpenFeature.setContext({ targetingKey: 'u1', country: 'FR' });
const elsewhere = client.getBooleanValue('targeted', true);
console.log(JSON.stringify({ details, unchanged, elsewhere }));
await OpenFeature.close();
process.exit(0);
