// The Node SDK of Unleash: BASE_URL/api TOKEN KEY. Prints the users out of 1,000 for whom the flag is enabled.
import { initialize } from 'unleash-client';
const [, , url, token, key] = process.argv;
const unleash = initialize({ url, appName: 'node', customHeaders: { Authorization: token }, metricsInterval: 0 });
await new Promise((resolve, reject) => { unleash.on('synchronized', resolve); unleash.on('error', reject); });
const users = [];
for (let user = 0; user < 1000; user++) if (unleash.isEnabled(key, { userId: String(user) })) users.push(String(user));
console.log(JSON.stringify(users));
unleash.destroy();
process.exit(0);
