# The same with jq: jq --raw-output --null-input --from-file with_jq.jq FILE
reduce inputs as $record ({records: 0, failures: {}};
    .records += 1
    | if $record.resultType | IN("0", "50125", "50140") then . else
        .failures[[$record.properties.ipAddress, $record.properties.createdDateTime[:10],
            if $record.category == "SignInLogs" then "interactive" else "non_interactive" end] | join(",")] += 1
      end)
| "\(.records),\([.failures[]] | add // 0)", (.failures | to_entries[] | "\(.key),\(.value)")
