// Starts GraphiQL on this server's /graphql. What stands in the Headers tab goes with queries and mutations as HTTP headers
// and with subscriptions as the payload of connection_init, under the name the server knows.
(() => {
  const endpoint = new URL('/graphql', location.href);
  const socket = new URL(endpoint);
  socket.protocol = endpoint.protocol === 'https:' ? 'wss:' : 'ws:';

  const send = GraphiQL.createFetcher({
    url: endpoint.href,
    subscriptionUrl: socket.href,
    enableIncrementalDelivery: false,
  });
  const named = ([name, value]) => [/^authorization$/i.test(name) ? 'Authorization' : name, value];
  const fetcher = (params, options) =>
    send(params, { ...options, headers: Object.fromEntries(Object.entries(options?.headers ?? {}).map(named)) });

  const defaultQuery = `# Welcome to Tagwire. Sign in, then put the token into the Headers tab below:
#
#   { "Authorization": "Bearer TOKEN" }
#
# It goes with queries, mutations and subscriptions alike. Ctrl-Enter runs the operation at the cursor.

mutation SignIn {
  signIn(input: { email: "", password: "" }) {
    token
    userErrors { message }
  }
}

query Me {
  viewer { name email rights }
  workspace { name }
}

query HotProspects {
  contacts(first: 20, filter: { tag: { name: "hot prospect" } }) {
    totalCount
    nodes { name emails { address } tags { name color } }
  }
}

# Stays open and shows each change as it happens. \`after\` a cursor it first tells what you missed.
subscription Tags {
  tagChanged {
    __typename
    cursor
    occurredAt
    ... on TagCreated { tag { name } }
    ... on ContactTagsChanged { contact { name tags { name } } }
  }
}
`;

  const page = React.createElement(
    GraphiQL,
    { fetcher, defaultQuery, defaultEditorToolsVisibility: 'headers', shouldPersistHeaders: false },
    React.createElement(GraphiQL.Logo, null, 'Tagwire'),
  );
  ReactDOM.createRoot(document.getElementById('graphiql')).render(page);
})();
