%%% Decisions. Nothing of a server is used here.
-module(mod_invited_rules).

-export([registration/3, is_compatible/1, can_be_token/1, can_be_name/1, refusal/1, away/0, error_text/1, creation_refusal/1,
         is_settled/1, node_of/1, features/1, limits/1, limit_passed/3]).

-export_type([answer/0, refusal/0]).

%% The answer to a question; `away` without one.
-type answer() :: {result, term()} | away | {error, Type :: atom(), Condition :: atom(), Text :: binary()}.
%% An error for a client.
-type refusal() :: {Type :: atom(), Condition :: atom(), Text :: binary()}.

-define(AWAY_TEXT, <<"Invites cannot be checked right now. Please try again.">>).

%% Who may register without a token. Heard is what the daemon said last, Configured the module's option.
-spec registration(invite | open | server | undefined, invite | open | server, boolean()) -> invite | open.
registration(Heard, _, _) when Heard =:= invite; Heard =:= open -> Heard;
registration(_, Configured, _) when Configured =:= invite; Configured =:= open -> Configured;
registration(_, _, true) -> open;
registration(_, _, false) -> invite.

%% Versions one apart still understand each other.
-spec is_compatible(binary() | undefined) -> boolean().
is_compatible(Other) when is_binary(Other) ->
    try abs(binary_to_integer(Other) - mod_invited_protocol:version()) =< 1
    catch error:badarg -> false
    end;
is_compatible(_) -> false.

-spec can_be_token(term()) -> boolean().
can_be_token(Token) -> is_binary(Token) andalso byte_size(Token) >= 1 andalso byte_size(Token) =< 64.

-spec can_be_name(term()) -> boolean().
can_be_name(Name) -> is_binary(Name) andalso byte_size(Name) >= 1 andalso byte_size(Name) =< 1023.

-spec away() -> refusal().
away() -> {wait, 'resource-constraint', ?AWAY_TEXT}.

%% The error for a client after the daemon's refusal. A suspended host, or an unexpected condition, is temporary, not a bad token.
-spec refusal(answer()) -> refusal().
refusal({error, _, Condition, Text}) ->
    case error_type(Condition) of
        undefined -> away();
        Type when Text =:= <<>> -> {Type, Condition, error_text(Condition)};
        Type -> {Type, Condition, Text}
    end;
refusal(_) -> away().

error_type('conflict') -> cancel;
error_type('item-not-found') -> cancel;
error_type('not-allowed') -> cancel;
error_type('not-acceptable') -> modify;
error_type('bad-request') -> modify;
error_type('resource-constraint') -> wait;
error_type(_) -> undefined.

-spec error_text(atom()) -> binary().
error_text('conflict') -> <<"The requested username already exists.">>;
error_text('item-not-found') -> <<"The invite is not valid, or not any more.">>;
error_text('not-acceptable') -> <<"The invite is for another username, or the username is invalid.">>;
error_text('not-allowed') -> <<"The invite is used up.">>;
error_text(_) -> ?AWAY_TEXT.

%% What is said of an account that the server does not make. Conversations tells people that it is the password only for the texts
%% of mod_register and Prosody, of which "The password is too weak" is one.
-spec creation_refusal(atom()) -> refusal().
creation_refusal(exists) -> {cancel, 'conflict', error_text('conflict')};
creation_refusal(wait) -> {wait, 'resource-constraint', <<"Users are not allowed to register accounts so quickly">>};
creation_refusal(weak_password) -> {modify, 'not-acceptable', <<"The password is too weak">>};
creation_refusal(invalid_password) -> {modify, 'not-acceptable', <<"The password is too weak">>};
creation_refusal(invalid_jid) -> {modify, 'not-acceptable', <<"The username is invalid.">>};
creation_refusal(eaccess) -> {cancel, 'not-allowed', <<"The server does not allow this registration.">>};
creation_refusal(not_allowed) -> {cancel, 'not-allowed', <<"The server does not allow this registration.">>};
creation_refusal(_) -> {wait, 'internal-server-error', <<"The account could not be made. Please try again.">>}.

%% Whether what was owed to the daemon is settled by its answer. What it calls malformed will be so again.
-spec is_settled(answer()) -> boolean().
is_settled({result, _}) -> true;
is_settled({error, Type, _, _}) -> Type =:= cancel orelse Type =:= modify;
is_settled(away) -> false.

%% Commands of ours on the host. Everything else there belongs to other modules.
-spec node_of(binary() | undefined) -> ours | other.
node_of(<<"urn:xmpp:invite#invite">>) -> ours;
node_of(<<"urn:xmpp:invite#create-account">>) -> ours;
node_of(_) -> other.

%% What the module can do with what there is on the server.
-spec features(#{register := boolean(), commands := boolean(), contacts := boolean()}) -> [binary()].
features(#{register := Register, commands := Commands, contacts := Contacts}) ->
    [Name || {Name, true} <- [{<<"register">>, Register}, {<<"commands">>, Commands}, {<<"subscribe">>, Contacts},
                              {<<"accounts">>, Register}, {<<"contacts">>, Contacts}, {<<"notices">>, true},
                              {<<"guard">>, true}]].

%% What operators should know of the server.
-spec limits(#{makes_accounts := boolean(), allows_us := boolean(), is_open := boolean(), guards_all := boolean()}) -> [binary()].
limits(#{makes_accounts := Makes, allows_us := Allows, is_open := Open, guards_all := All}) ->
    [Text || {true, Text} <-
                 [{not Makes, <<"mod_register makes no accounts here: it has to be among the modules, with an access that lets the invited in">>},
                  {Makes andalso not Allows, <<"mod_register makes no accounts for tokens: its allow_modules has to have mod_invited in it">>},
                  {Open, <<"registering without a token is refused on streams alone, where that is said: web forms (mod_register_web) stay "
                           "open until mod_register has allow_modules: [mod_invited]">>},
                  {not All, <<"names that invites hold can be taken over ejabberd's API and web forms: it cannot be kept from that before "
                              "24.10">>}]].

%% Whether an account was registered from an address less than a time ago. Mod_register keeps negative times as priorities.
-spec limit_passed({ok, integer()} | error, integer(), non_neg_integer() | infinity) -> boolean().
limit_passed(error, _, _) -> true;
limit_passed(_, _, infinity) -> true;
limit_passed({ok, Priority}, Now, Timeout) -> Priority > Timeout - Now.
