"""The results of `activenic check` as documents: JSON, SARIF, JUnit XML and workflow commands of GitHub."""
