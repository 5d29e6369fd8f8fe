#!/bin/sh
# In the place of the image's entrypoint: CQL asks for passwords, and serves TLS where there is a
# certificate.
if [ -f /etc/scylla/scylla.yaml ]; then
  echo "authenticator: PasswordAuthenticator" >> /etc/scylla/scylla.yaml
  if [ -d /etc/scylla/ssl ]; then
    cat >> /etc/scylla/scylla.yaml <<END
native_transport_port_ssl: 9142
client_encryption_options: {enabled: true, certificate: /etc/scylla/ssl/node.crt, keyfile: /etc/scylla/ssl/node.key}
END
  fi
fi
exec /docker-entrypoint.py "$@"
