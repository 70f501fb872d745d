package aws

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"unicode/utf8"
)

// repeated looks a client token up: the id that an equal request with it made, or "" for a token that is new. The request
// must come without the token itself.
func (c *call) repeated(action string, token *string, request any) (string, error) {
	if token == nil {
		return "", nil
	}
	if utf8.RuneCountInString(*token) > 64 {
		return "", apiError("InvalidParameterValue", "ClientToken is longer than 64 characters.")
	}
	known := c.region().Tokens[action+"/"+*token]
	if known == nil {
		return "", nil
	}
	if known.Request != digest(request) {
		return "", apiError("IdempotentParameterMismatch", "The client token '%s' was used with other parameters before.", *token)
	}
	return known.ID, nil
}

// keepToken notes what a token made. Tokens are kept when the object goes.
func (c *call) keepToken(action string, token *string, request any, id string) {
	if token != nil {
		c.region().Tokens[action+"/"+*token] = &clientToken{Request: digest(request), ID: id}
	}
}

func digest(request any) string {
	raw, _ := json.Marshal(request)
	sum := sha256.Sum256(raw)
	return hex.EncodeToString(sum[:])
}
